/** Errors of calls to TikTok, and what they require. */
import { LoggableError } from "../../loggable_error.ts";

/** TikTok answered with an error, or not at all. The message has codes and ids: no token, no URL, none of TikTok's words. */
export class TikTokError extends LoggableError {
  override name = "TikTokError";
  /** TikTok's own code, e.g. 105002; 0 when there was no envelope. */
  readonly code: number;
  /** HTTP status; 0 when there was no answer. Only counts without a code. */
  readonly status: number;
  /** Wait that TikTok requires. */
  readonly retryAfterSeconds: number | undefined;
  /** TikTok's id of the request, which its support needs; empty without one. */
  readonly requestId: string;
  // Private: not shown when the error is printed.
  readonly #words: string;

  constructor(
    message: string,
    { code = 0, status = 0, retryAfterSeconds, requestId = "", words = "" }: {
      code?: number;
      status?: number;
      retryAfterSeconds?: number | undefined;
      requestId?: string;
      words?: string;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
    this.requestId = requestId;
    this.#words = words;
  }

  /** TikTok's words, which may quote an address: for the answer to the seller who asked, never for a log or a row. */
  get words(): string {
    return this.#words;
  }

  /** Text that is stored for the seller: TikTok's code and request id, without the path of the call. */
  get summary(): string {
    if (this.code === 0) return this.message.replace(/ \([^()]*\)$/, "");
    return `TikTok ${this.code}${this.requestId && `, request ${this.requestId}`}`;
  }
}

const EXPIRED_CREDENTIALS = 105002;
/** One number for an invalid token, app key, signature, clock and parameter: the message says which. */
const INVALID_REQUEST = 36009004;
/** The second is the hourly limit of sandbox shops. */
const RATE_LIMITED = new Set([36009002, 36009037]);
/**
 * TikTok's own failures: "internal error", "System timeout", "System process error, please try again later",
 * "Failed to get orders". Source: the lists of errors on the pages of our calls.
 */
const INTERNAL = new Set([
  // Every call.
  ...[36009003, 36009007],
  // Get Order Detail.
  ...[10002014, 10002015, 10037002, 10037003, 10037004],
  // Create Packages, Ship Package, Mark Package As Shipped.
  ...[11001027, 11001031, 11006005, 11006026, 21001003, 21001008, 21001011, 21001043, 21001055],
  ...[21008300, 21022029, 21022030, 21042001, 21042076],
  // Get Package Shipping Document.
  ...[11034025, 21023022, 21023034],
]);
/** Codes of the auth host: refresh token expired; code invalid; unknown, replaced or withdrawn. */
const RECONNECT = new Set([36004001, 36004004, 36004005]);

/** Whether another access token may help. */
export function needsFreshToken(error: TikTokError): boolean {
  return error.code === EXPIRED_CREDENTIALS ||
    error.code === INVALID_REQUEST && /access[-_ ]token/i.test(error.words);
}

/** TikTok has deactivated the shop, or its seller: no token helps, nor does the app's seller here. */
const INACTIVE: ReadonlyMap<number, InactiveReason> = new Map([
  [36009043, "shop_inactive"],
  [36009044, "seller_inactive"],
]);
export type InactiveReason = "shop_inactive" | "seller_inactive";

/** Why TikTok refuses every call for the shop; `undefined` for other errors. */
export function inactiveReason(error: TikTokError): InactiveReason | undefined {
  return INACTIVE.get(error.code);
}

/** Whether only the seller can help, by authorizing the app again. */
export function needsReconnect(error: TikTokError): boolean {
  return RECONNECT.has(error.code);
}

/** Whether TikTok refused the call before doing anything: even a write may be sent again. */
export function isRateLimited(error: TikTokError): boolean {
  // Only with TikTok's own code: a proxy may answer 429 after it lost TikTok's answer.
  return RATE_LIMITED.has(error.code);
}

/** Whether the same call may succeed a moment later. A call that timed out may have had its effect. */
export function isTransient(error: TikTokError): boolean {
  return isRateLimited(error) || INTERNAL.has(error.code) ||
    error.code === 0 && (error.status === 429 || error.status >= 500);
}

/** Whether TikTok refused the call for good, as opposed to being unreachable or busy. */
export function isRefusal(error: TikTokError): boolean {
  return error.code !== 0 && !isTransient(error);
}
