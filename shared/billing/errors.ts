/** The errors of Stripe, without anything that a log must not hold. */
import { LoggableError } from "../loggable_error.ts";

/** Facts of an error of Stripe's package, besides its message. */
export interface StripeFailure {
  type: string;
  code?: string | undefined;
  statusCode?: number | undefined;
  requestId?: string | undefined;
  headers?: Record<string, string> | undefined;
}

/** Stripe answered with an error, or not at all. Its messages quote ids: only its codes are kept. */
export class BillingError extends LoggableError {
  override name = "BillingError";
  /** Stripe's error code, e.g. `resource_missing`; empty if the error has none. */
  readonly code: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** Stripe has this answer saved for the Idempotency-Key of an earlier request. */
  readonly isReplayed: boolean;

  constructor({ type, code, statusCode, requestId, headers }: StripeFailure) {
    const names = [type, code, requestId].map((name) => /^\w{1,99}$/.test(name ?? "") ? name : "");
    super(["Stripe:", names[0], names[1], statusCode, names[2]].filter(Boolean).join(" "));
    this.code = code ?? "";
    this.status = statusCode ?? 0;
    this.isReplayed = headers?.["idempotent-replayed"] === "true" ||
      type === "StripeIdempotencyError";
  }
}

/** Whether Stripe would refuse the same request again: it is wrong, or the account's settings are. */
export function isRefused({ status, isReplayed }: BillingError): boolean {
  return status >= 400 && status < 500 && ![409, 429].includes(status) &&
    !isReplayed;
}

/** Stripe does not have the object, or has it in another account. */
export function isMissing(error: unknown): boolean {
  return error instanceof BillingError && error.code === "resource_missing";
}

/** Stripe takes fewer e-mail addresses than Auth: it refuses ada@intranet. */
export function isEmailRefused(error: unknown): boolean {
  return error instanceof BillingError && error.code === "email_invalid";
}
