/** EasyPost's errors: a code, a message, and the invalid fields. */

export interface FieldError {
  field: string;
  message: string;
}

export class EasyPostRefusal extends Error {
  readonly code: string;
  readonly status: number;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: string,
    message: string,
    errors: FieldError[] = [],
    headers: Record<string, string> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }

  toResponse(): Response {
    const { code, message, errors, status, headers } = this;
    return Response.json({ error: { code, message, errors } }, {
      status,
      headers: { "x-ep-request-uuid": crypto.randomUUID().replaceAll("-", ""), ...headers },
    });
  }
}

const INVALID_SHIPMENT = "Unable to create shipment, one or more parameters were invalid.";

export const refusals = {
  notJson: () => new EasyPostRefusal(400, "BAD_REQUEST", "The request body is not valid JSON."),
  unauthorized: () =>
    new EasyPostRefusal(401, "UNAUTHORIZED", "Authentication is required and has failed."),
  // EasyPost documents the status, not the code.
  insufficientFunds: () =>
    new EasyPostRefusal(402, "PAYMENT_REQUIRED", "Insufficient funds to buy this postage."),
  notFound: () =>
    new EasyPostRefusal(404, "NOT_FOUND", "The requested resource could not be found."),
  required: (field: string) =>
    new EasyPostRefusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [
      { field, message: "cannot be blank" },
    ]),
  invalidShipment: (errors: FieldError[]) =>
    new EasyPostRefusal(422, "SHIPMENT.INVALID_PARAMS", INVALID_SHIPMENT, errors),
  invalidOptions: (field: string) =>
    new EasyPostRefusal(422, "SHIPMENT.OPTIONS.INVALID", "One or more options are invalid.", [
      { field, message: "is invalid" },
    ]),
  invalidParcel: (errors: FieldError[]) =>
    new EasyPostRefusal(422, "PARCEL.PARAMETERS.INVALID", "The parcel is invalid.", errors),
  invalidCountry: () =>
    new EasyPostRefusal(
      422,
      "ADDRESS.COUNTRY.INVALID",
      "Invalid 'country', please provide a 2 character ISO country code.",
      [
        { field: "country", message: "must be a 2 character ISO country code" },
      ],
    ),
  invalidCharacter: () =>
    new EasyPostRefusal(
      422,
      "ADDRESS.PARAMETERS.INVALID_CHARACTER",
      "The parameters passed contained an invalid character.",
    ),
  unverified: (errors: FieldError[]) =>
    new EasyPostRefusal(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", errors),
  undeliverable: (words: string) =>
    new EasyPostRefusal(422, "ADDRESS.VERIFY.FAILURE", `Unable to verify address: ${words}.`, [
      { field: "address", message: `${words} was not found` },
    ]),
  // EasyPost documents that such a tracker is refused, not the code.
  untrackable: (field: "carrier" | "tracking_code") =>
    new EasyPostRefusal(422, "TRACKER.CREATE.ERROR", "Unable to create tracker.", [
      { field, message: "is not supported" },
    ]),
  unknownRate: () =>
    new EasyPostRefusal(422, "SHIPMENT.INVALID_RATE", "The rate is not one of this shipment.", [
      { field: "rate", message: "is invalid" },
    ]),
  bought: () =>
    new EasyPostRefusal(
      422,
      "SHIPMENT.POSTAGE.EXISTS",
      "Postage already exists for this shipment.",
    ),
  inProgress: () =>
    new EasyPostRefusal(422, "SHIPMENT.PURCHASE.IN_PROGRESS", "The postage is being purchased."),
  doubtful: (code: string) => new EasyPostRefusal(422, code, "The carrier did not answer in time."),
  notBought: () =>
    new EasyPostRefusal(422, "SHIPMENT.POSTAGE.REQUIRED", "The shipment has no postage label."),
  labelFormat: () =>
    new EasyPostRefusal(422, "SHIPMENT.POSTAGE.INVALID_FORMAT", "The label format is invalid."),
  refund: (reason: string) =>
    new EasyPostRefusal(422, "SHIPMENT.REFUND.UNAVAILABLE", `Unable to request refund. ${reason}`),
  rateLimited: (seconds: number) =>
    new EasyPostRefusal(429, "RATE_LIMITED", "Too many requests.", [], {
      "retry-after": String(seconds),
    }),
  internal: () =>
    new EasyPostRefusal(500, "INTERNAL_SERVER_ERROR", "An unexpected error occurred."),
};
