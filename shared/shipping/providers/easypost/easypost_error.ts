/** The error of calls to EasyPost. */
import { LoggableError } from "../../../loggable_error.ts";

/** EasyPost answered with an error, or not at all. The message has codes and ids, none of EasyPost's words. */
export class EasyPostError extends LoggableError {
  override name = "EasyPostError";
  /** HTTP status; 0 when there was no answer, 200 when it could not be read. */
  readonly status: number;
  /** EasyPost's own, e.g. `SHIPMENT.POSTAGE.EXISTS`; empty without one. */
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;
  // Private: not shown when the error is printed.
  readonly #words: string;

  constructor(
    message: string,
    { status = 0, code = "", retryAfterSeconds, words = "" }: {
      status?: number;
      code?: string;
      retryAfterSeconds?: number | undefined;
      words?: string;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.#words = words;
  }

  /** EasyPost's words, which may quote an address: for the answer to the seller who asked, never for a log or a row. */
  get words(): string {
    return this.#words;
  }
}
