/** The shape of a body without its values, which may be personal data. */

const MASK = "•••";

/** Fields that say what kind of event it is. */
const OPEN_FIELDS = [
  "type",
  "object",
  "event_type",
  "status",
  "order_status",
  "api_version",
  "mode",
];

/** A code, and not a text that a person may have written. */
const CODE = /^[\w.:-]{1,64}$/;

function maskValue(value: unknown, name?: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => maskValue(entry));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([field, entry]) => [field, maskValue(entry, field)]),
    );
  }
  if (name !== undefined && OPEN_FIELDS.includes(name) && CODE.test(String(value))) return value;
  return typeof value === "string" || typeof value === "number" ? MASK : value;
}

/** @returns JSON, or only the mask for a body that is not JSON. */
export function maskBody(body: string): string {
  try {
    return JSON.stringify(maskValue(JSON.parse(body)));
  } catch {
    return MASK;
  }
}
