/** TikTok's answers: an envelope around data or an error. */

/** As TikTok's: time and hexadecimal digits. */
function requestId(): string {
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  return `${time}${crypto.getRandomValues(new Uint8Array(9)).toHex().toUpperCase()}`;
}

export function success(data: unknown, message = "Success"): Response {
  return Response.json({ code: 0, message, data, request_id: requestId() });
}

/** An error that TikTok documents, with the HTTP status seen in practice. */
export class TikTokRefusal extends Error {
  readonly code: number;
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(code: number, message: string, status: number, headers: Record<string, string> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }

  toResponse(): Response {
    const { code, message, status, headers } = this;
    return Response.json({ code, data: null, message, request_id: requestId() }, {
      status,
      headers,
    });
  }
}

export const refusals = {
  invalidPath: () => new TikTokRefusal(36009009, "Invalid path.", 404),
  // TikTok does not document its HTTP status.
  invalidMethod: () => new TikTokRefusal(36009010, "Invalid method.", 405),
  contentType: () =>
    new TikTokRefusal(
      36009022,
      "Invalid request format. The request body format must be `application/json` for structured data or " +
        "`multipart/form-data` for binary files.",
      400,
    ),
  appKey: () =>
    new TikTokRefusal(36009004, "Invalid credentials. Invalid 'app_key' query parameter.", 400),
  timestamp: () =>
    new TikTokRefusal(36009004, "Invalid 'timestamp' query parameter: it is expired.", 400),
  missing: (what: string) => new TikTokRefusal(36009004, `param ${what} is missing`, 400),
  unexpected: (what: string) => new TikTokRefusal(36009004, `unexpected identifier: ${what}`, 400),
  invalid: (what: string) => new TikTokRefusal(36009004, `param ${what} is invalid`, 400),
  sign: () =>
    new TikTokRefusal(
      106001,
      "Invalid credentials. The 'sign' query parameter is invalid.",
      401,
    ),
  tokenMissing: () =>
    new TikTokRefusal(
      36009004,
      "Invalid credentials. The 'x-tts-access-token' header is invalid.",
      401,
    ),
  tokenExpired: () =>
    new TikTokRefusal(
      105002,
      "Expired credentials. The 'access_token' or 'x-tts-access-token' header has expired.",
      401,
    ),
  // TikTok does not document its HTTP status.
  scopeMissing: () => new TikTokRefusal(105005, "you should apply auth pkg for this api", 401),
  shopInactive: () => new TikTokRefusal(36009043, "The shop is inactive.", 401),
  sellerInactive: () => new TikTokRefusal(36009044, "The seller is inactive.", 401),
  cipherMissing: () =>
    new TikTokRefusal(106013, "The 'shop_cipher' query parameter is missing.", 400),
  cipherMismatch: () =>
    new TikTokRefusal(101000, "The access token and 'shop_cipher' do not match.", 400),
  rateLimited: (seconds: number) =>
    new TikTokRefusal(
      36009002,
      "Too many requests. You've made too many requests in a short period of time.",
      429,
      { "retry-after": String(seconds) },
    ),
  refused: (words: string) =>
    new TikTokRefusal(21011037, `The recipient ${words} cannot be delivered to.`, 200),
  internal: () => new TikTokRefusal(36009003, "Internal error. Please try again.", 500),
};
