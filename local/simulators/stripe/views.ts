/** Objects as a caller sees them: in the version asked for, with what is to be expanded. */
import { refusals } from "./errors.ts";
import type { StripeObject } from "./objects.ts";
import { shaped } from "./shapes.ts";
import type { StripeState } from "./state.ts";

export interface ViewOptions {
  state: StripeState;
  version: string;
  /** E.g. `latest_invoice.payments`, and in a list `data.customer`. */
  expand?: string[];
}

const MAX_DEPTH = 4;

function listOf(data: StripeObject[], url: string): StripeObject {
  return { object: "list", data, has_more: false, url } as never;
}

/** Fields that are there only for those who ask for them. */
function included(object: StripeObject, field: string, state: StripeState): unknown {
  switch (`${object.object}.${field}`) {
    case "customer.subscriptions":
      return listOf(
        state.all("subscriptions").filter((subscription) =>
          subscription.customer === object.id && subscription.status !== "canceled"
        ).reverse(),
        `/v1/customers/${object.id}/subscriptions`,
      );
    case "invoice.payments":
      return listOf(
        state.all("invoicePayments").filter((payment) => payment.invoice === object.id),
        "/v1/invoice_payments",
      );
    case "checkout.session.line_items":
      return listOf(
        state.get("checkoutSessions", object.id)?.simulated_lines as StripeObject[],
        `/v1/checkout/sessions/${object.id}/line_items`,
      );
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Leaves out what is the simulator's own. */
function withoutOwn(object: StripeObject): StripeObject {
  const entries = Object.entries(object).filter(([field]) => !field.startsWith("simulated_"));
  return Object.fromEntries(entries) as StripeObject;
}

/** Returns what stands for `value` once it is expanded along the fields. @throws {StripeRefusal} */
function expanded(value: unknown, fields: string[], path: string, options: ViewOptions): unknown {
  if (value === null || value === undefined) return value;
  const { state, version } = options;
  if (Array.isArray(value)) return value.map((entry) => expanded(entry, fields, path, options));
  if (typeof value === "string") {
    const found = state.findAny(value);
    if (found === undefined) throw refusals.notExpandable(path);
    return expanded(withoutOwn(shaped(found, version, state)), fields, path, options);
  }
  if (!isObject(value)) throw refusals.notExpandable(path);
  const [field, ...rest] = fields;
  if (field === undefined) return value;
  const below = value[field] ?? included(value as StripeObject, field, state);
  if (below === undefined && !(field in value)) throw refusals.notExpandable(path);
  if (isObject(below) && below.object === "list") {
    const data = (below.data as StripeObject[]).map((entry) => shaped(entry, version, state));
    return { ...value, [field]: expanded({ ...below, data }, rest, path, options) };
  }
  return { ...value, [field]: expanded(below, rest, path, options) };
}

/** @throws {StripeRefusal} */
export function viewed(object: StripeObject, options: ViewOptions): StripeObject {
  const { state, version, expand = [] } = options;
  const view = (entry: StripeObject) => withoutOwn(shaped(entry, version, state));
  const start = Array.isArray(object.data)
    ? { ...object, data: (object.data as StripeObject[]).map(view) }
    : view(object);
  return expand.reduce<StripeObject>((seen, path) => {
    const fields = path.split(".");
    if (fields.length > MAX_DEPTH) throw refusals.notExpandable(path);
    return expanded(seen, fields, path, options) as StripeObject;
  }, start);
}
