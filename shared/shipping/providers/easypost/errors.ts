/** Maps errors of EasyPost's API to label errors. */
import { LabelError } from "../../errors.ts";
import { EasyPostError } from "./easypost_error.ts";

/** EasyPost's codes for a label that was bought, or may have been. */
const EXISTS = "SHIPMENT.POSTAGE.EXISTS";
const UNCLEAR = /IN_PROGRESS|TIMED_OUT|TIMEOUT|NO_RESPONSE/;

/** For calls that certainly bought nothing. @throws {unknown} errors of other kinds, unchanged */
export function toLabelError(error: unknown): LabelError {
  if (!(error instanceof EasyPostError)) throw error;
  const { status, retryAfterSeconds } = error;
  if (status === 402) return new LabelError("funds_missing", { cause: error });
  if (status === 429 || status === 503) {
    return new LabelError("carrier_busy", { retryAfterSeconds, cause: error });
  }
  const isRefusal = [400, 404, 422].includes(status);
  return new LabelError(isRefusal ? "carrier_refused" : "carrier_unavailable", { cause: error });
}

/** For the call that buys: an error that is not a certain refusal leaves the outcome unknown. */
export function toPurchaseError(error: unknown): LabelError {
  if (!(error instanceof EasyPostError)) throw error;
  return isUnclear(error)
    ? new LabelError("outcome_unknown", { bought: "unknown", cause: error })
    : toLabelError(error);
}

function isUnclear({ status, code }: EasyPostError): boolean {
  // An answer without a code is a proxy's, which may have lost EasyPost's answer.
  if (code === "" && status !== 402) return true;
  return status < 300 || status >= 500 || status === 409 || code === EXISTS || UNCLEAR.test(code);
}
