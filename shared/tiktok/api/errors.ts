/** What can go wrong with a call of TikTok's, and what that asks for. */

/** TikTok answered with an error, or not at all. The message holds no token and no URL. */
export class TikTokError extends Error {
  override name = "TikTokError";
  /** TikTok's own code, e.g. 105002; 0 when there was no envelope. */
  readonly code: number;
  /** HTTP status; 0 when there was no answer. It decides nothing where there is a code. */
  readonly status: number;
  /** What TikTok asked us to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    { code = 0, status = 0, retryAfterSeconds }: {
      code?: number;
      status?: number;
      retryAfterSeconds?: number | undefined;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const EXPIRED_CREDENTIALS = 105002;
/** One number for an invalid token, app key, signature, clock and parameter: the message tells which. */
const INVALID_REQUEST = 36009004;
/** The second is the hourly limit of sandbox shops. */
const RATE_LIMITED = new Set([36009002, 36009037]);
/** "Internal error, please try again", and "request timed out". */
const INTERNAL = new Set([36009003, 36009007]);
/** Of the auth host: refresh token expired; code invalid; unknown, replaced or withdrawn. */
const RECONNECT = new Set([36004001, 36004004, 36004005]);

/** Whether another access token may help. */
export function asksForFreshToken(error: TikTokError): boolean {
  return error.code === EXPIRED_CREDENTIALS ||
    error.code === INVALID_REQUEST && /access[-_ ]token/i.test(error.message);
}

/** Whether only the seller can help, by agreeing anew. */
export function asksToReconnect(error: TikTokError): boolean {
  return RECONNECT.has(error.code);
}

/** Whether TikTok turned the call away before doing anything: even a write may be sent again. */
export function wasTurnedAway(error: TikTokError): boolean {
  // Not without TikTok's own code: a proxy may say so when it lost the answer.
  return RATE_LIMITED.has(error.code);
}

/** Whether the same call may succeed a moment later. What timed out may have been done. */
export function mayPass(error: TikTokError): boolean {
  return wasTurnedAway(error) || INTERNAL.has(error.code) ||
    error.code === 0 && (error.status === 429 || error.status >= 500);
}

/** Whether TikTok said no, as opposed to being away or busy. */
export function isRefusal(error: TikTokError): boolean {
  return error.code !== 0 && !mayPass(error);
}
