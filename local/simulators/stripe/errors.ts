/** Stripe's errors: a type, perhaps a code and the parameter at fault. */

export interface ErrorBody {
  type: "invalid_request_error" | "card_error" | "idempotency_error" | "api_error";
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  [detail: string]: unknown;
}

export class StripeRefusal extends Error {
  readonly status: number;
  readonly error: ErrorBody;
  readonly headers: Record<string, string>;

  constructor(status: number, error: ErrorBody, headers: Record<string, string> = {}) {
    super(error.message);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }

  toResponse(): Response {
    return Response.json({ error: this.error }, { status: this.status, headers: this.headers });
  }
}

function invalid(message: string, details: { code?: string; param?: string } = {}, status = 400) {
  return new StripeRefusal(status, { type: "invalid_request_error", message, ...details });
}

function idempotency(status: number, message: string, code?: string) {
  return new StripeRefusal(status, {
    type: code === undefined ? "idempotency_error" : "invalid_request_error",
    message,
    ...(code !== undefined && { code }),
  });
}

const OTHER_KEY = (key: string) =>
  `Try using a key other than '${key}' if you meant to execute a different request.`;

export const refusals = {
  invalid,
  noKey: () =>
    invalid(
      "You did not provide an API key. Provide it in the Authorization header, as a Bearer token or " +
        "as the user name of Basic auth.",
      {},
      401,
    ),
  wrongKey: (shown: string) => invalid(`Invalid API Key provided: ${shown}`, {}, 401),
  wrongVersion: (version: string) => invalid(`Invalid Stripe API version: ${version}`),
  unknownPath: (method: string, path: string) =>
    invalid(`Unrecognized request URL (${method}: ${path}).`, {}, 404),
  /** @param param Without it the object is the one that the path names. */
  missing: (noun: string, id: string, param?: string) =>
    invalid(
      `No such ${noun}: '${id}'`,
      { code: "resource_missing", param: param ?? "id" },
      param === undefined ? 404 : 400,
    ),
  required: (param: string) =>
    invalid(`Missing required param: ${param}.`, { code: "parameter_missing", param }),
  notInteger: (param: string, value: string) =>
    invalid(`Invalid integer: ${value}`, { code: "parameter_invalid_integer", param }),
  notBoolean: (param: string, value: string) => invalid(`Invalid boolean: ${value}`, { param }),
  notOneOf: (param: string, allowed: readonly string[]) =>
    invalid(`Invalid ${param}: must be one of ${allowed.join(", ")}`, { param }),
  notObject: (param: string) => invalid("Invalid object", { param }),
  notArray: (param: string) => invalid("Invalid array", { param }),
  notExpandable: (path: string) => invalid(`This property cannot be expanded (${path}).`),
  declined: (code: string, declineCode: string | null, message: string, details: object) =>
    new StripeRefusal(402, {
      type: "card_error",
      code,
      ...(declineCode !== null && { decline_code: declineCode }),
      message,
      ...details,
    }),
  otherParameters: (key: string) =>
    idempotency(
      400,
      "Keys for idempotent requests can only be used with the same parameters they were first used " +
        `with. ${OTHER_KEY(key)}`,
    ),
  otherEndpoint: (key: string, path: string) =>
    idempotency(
      400,
      "Keys for idempotent requests can only be used for the same endpoint they were first used for " +
        `('${path}'). ${OTHER_KEY(key)}`,
    ),
  keyInUse: (key: string) =>
    idempotency(
      409,
      `There is currently another in-progress request using this Idempotency-Key ('${key}').`,
      "idempotency_key_in_use",
    ),
  keyTooLong: () => idempotency(400, "Idempotency-Key must be at most 255 characters long."),
  rateLimited: (seconds: number) =>
    new StripeRefusal(
      429,
      {
        type: "invalid_request_error",
        code: "rate_limit",
        message: "Request rate limit exceeded.",
      },
      { "retry-after": String(seconds) },
    ),
  internal: () =>
    new StripeRefusal(500, { type: "api_error", message: "An unknown error occurred." }),
};
