/** Creates a shipment with its rates from the body of a call. */
import { makeAddress } from "./addresses.ts";
import { type FieldError, refusals } from "./errors.ts";
import { newId, timestamp } from "./ids.ts";
import type { Mode, Parcel } from "./objects.ts";
import { getRates } from "./rates.ts";
import { LABEL_FORMATS, type LabelFormat, type SimulatedShipment } from "./state.ts";

interface Context {
  mode: Mode;
  /** Milliseconds since 1970. */
  now: number;
}

/** EasyPost accepts numbers as text, too. `null` if absent, NaN if not a number. */
function measure(value: unknown): number | null {
  return value === undefined || value === null || value === "" ? null : Number(value);
}

function makeParcel(value: unknown, { mode, now }: Context): Parcel | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return undefined;
  }
  const given = value as Record<string, unknown>;
  const sides = {
    length: measure(given.length),
    width: measure(given.width),
    height: measure(given.height),
  };
  const weight = measure(given.weight);
  const errors: FieldError[] = Object.entries({ ...sides, weight: weight ?? 0 })
    .filter(([, size]) => size !== null && !(size > 0))
    .map(([field]) => ({ field, message: "must be greater than 0" }));
  if (weight === null || errors.length > 0) throw refusals.invalidParcel(errors);
  const at = timestamp(now);
  return {
    id: newId("prcl"),
    object: "Parcel",
    created_at: at,
    updated_at: at,
    mode,
    ...sides,
    weight,
  };
}

function labelFormat(options: Record<string, unknown>): LabelFormat {
  const wanted = String(options.label_format ?? "PNG").toUpperCase();
  const format = LABEL_FORMATS.find((candidate) => candidate === wanted);
  if (format === undefined) throw refusals.invalidOptions("label_format");
  return format;
}

/** @throws {EasyPostRefusal} */
export function createShipment(body: Record<string, unknown>, context: Context): SimulatedShipment {
  const { shipment } = body;
  if (typeof shipment !== "object" || shipment === null) throw refusals.required("shipment");
  const given = shipment as Record<string, unknown>;
  const toAddress = makeAddress(given.to_address, context);
  const fromAddress = makeAddress(given.from_address, context);
  const parcel = makeParcel(given.parcel, context);
  if (toAddress === undefined || fromAddress === undefined || parcel === undefined) {
    const parts = { to_address: toAddress, from_address: fromAddress, parcel };
    const missing = Object.entries(parts).filter(([, part]) => part === undefined);
    throw refusals.invalidShipment(
      missing.map(([field]) => ({ field, message: "Required and missing." })),
    );
  }
  const options = { ...(given.options ?? {}) } as Record<string, unknown>;
  const id = newId("shp");
  const at = timestamp(context.now);
  return {
    id,
    reference: typeof given.reference === "string" ? given.reference || null : null,
    createdAt: at,
    updatedAt: at,
    toAddress,
    fromAddress,
    parcel,
    options,
    labelFormat: labelFormat(options),
    ...getRates({ shipmentId: id, toAddress, fromAddress, parcel, ...context }),
    purchase: null,
    refund: null,
    invoice: null,
  };
}
