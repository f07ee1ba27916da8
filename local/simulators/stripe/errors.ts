/** Stripe's error answers: a type, and where Stripe has them a code and the parameter at fault. */

export interface ErrorBody {
  type: "invalid_request_error" | "card_error" | "idempotency_error" | "api_error";
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  payment_intent?: unknown;
}

export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    readonly headers: Record<string, string> = {},
  ) {
    super(body.message);
  }

  toResponse(): Response {
    return Response.json({ error: this.body }, { status: this.status, headers: this.headers });
  }
}

export interface Decline {
  code: string;
  decline_code: string;
  message: string;
}

function invalid(message: string, details: { code?: string; param?: string } = {}, status = 400) {
  return new ApiError(status, { type: "invalid_request_error", message, ...details });
}

function invalidKey(key: string, reason: string) {
  return new ApiError(400, {
    type: "idempotency_error",
    message: `Keys for idempotent requests can only be used ${reason} Try using a key other than ` +
      `'${key}' if you meant to execute a different request.`,
  });
}

export const apiErrors = {
  invalid,
  noKey: () =>
    invalid(
      "You did not provide an API key. Provide it in the Authorization header, as a Bearer token.",
      {},
      401,
    ),
  wrongKey: (shown: string) => invalid(`Invalid API Key provided: ${shown}`, {}, 401),
  unknownPath: (method: string, path: string) =>
    invalid(`Unrecognized request URL (${method}: ${path}).`, {}, 404),
  /** @param param The parameter that names the object; left out when the path names it. */
  missing: (noun: string, id: string, param?: string) =>
    invalid(
      `No such ${noun}: '${id}'`,
      { code: "resource_missing", param: param ?? "id" },
      param === undefined ? 404 : 400,
    ),
  required: (param: string) =>
    invalid(`Missing required param: ${param}.`, { code: "parameter_missing", param }),
  /** An empty value removes a parameter's value; this one cannot be removed. */
  empty: (param: string) =>
    invalid(
      `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a ` +
        `parameter; however '${param}' cannot be unset.`,
      { code: "parameter_invalid_empty", param },
    ),
  invalidEmail: (email: string, param: string) =>
    invalid(`Invalid email address: ${email}`, { code: "email_invalid", param }),
  invalidUrl: (param: string) => invalid("Not a valid URL", { code: "url_invalid", param }),
  longMetadata: (param: string) =>
    invalid(
      "Metadata has up to 50 keys, of up to 40 characters, with values of up to 500 characters.",
      { param },
    ),
  unknownVersion: (version: string) => invalid(`Invalid Stripe API version: ${version}`),
  unknown: (param: string) =>
    invalid(`Received unknown parameter: ${param}`, { code: "parameter_unknown", param }),
  invalidInteger: (param: string, message: string) =>
    invalid(message, { code: "parameter_invalid_integer", param }),
  noPortal: () =>
    invalid(
      "No configuration provided and your test mode default configuration has not been created. Provide a " +
        "configuration or create your default by saving your customer portal settings in test mode at " +
        "https://dashboard.stripe.com/test/settings/billing/portal.",
    ),
  declined: (decline: Decline, paymentIntent?: unknown) =>
    new ApiError(402, {
      type: "card_error",
      ...decline,
      ...(paymentIntent !== undefined && { payment_intent: paymentIntent }),
    }),
  otherParameters: (key: string) =>
    invalidKey(key, "with the same parameters they were first used with."),
  otherEndpoint: (key: string, path: string) =>
    invalidKey(key, `for the same endpoint they were first used for ('${path}').`),
  keyInUse: (key: string) =>
    invalid(
      `There is currently another in-progress request using this Idempotency-Key ('${key}').`,
      { code: "idempotency_key_in_use" },
      409,
    ),
  keyTooLong: () =>
    new ApiError(400, {
      type: "idempotency_error",
      message: "Idempotency-Key must be at most 255 characters long.",
    }),
  rateLimited: (seconds: number) =>
    new ApiError(429, {
      type: "invalid_request_error",
      code: "rate_limit",
      message: "Request rate limit exceeded.",
    }, { "retry-after": String(seconds) }),
  internal: () => new ApiError(500, { type: "api_error", message: "An unknown error occurred." }),
};
