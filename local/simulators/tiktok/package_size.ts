/** Reads the weight and dimensions of packages: decimals in strings. */
import { refusals } from "./envelope.ts";
import type { Dimension, Weight } from "./state.ts";

const GRAMS = { GRAM: 1, POUND: 453.59237 };

/** Defaults for a request without weight and dimensions. */
const ITEM_GRAMS = 300;
const BOX: Dimension = { length: "9", width: "6", height: "5", unit: "INCH" };

function fieldsOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw refusals.invalid(name);
  return value as Record<string, unknown>;
}

function positiveDecimal(value: unknown, name: string): string {
  if (value === undefined || value === "") throw refusals.missing(name);
  const isDecimal = typeof value === "string" && /^\d{1,6}(\.\d{1,4})?$/.test(value);
  if (!isDecimal || Number(value) === 0) throw refusals.invalid(name);
  return value;
}

function unitOf<U extends string>(value: unknown, units: readonly U[], name: string): U {
  if (value === undefined || value === "") throw refusals.missing(name);
  const unit = units.find((candidate) => candidate === value);
  if (unit === undefined) throw refusals.invalid(name);
  return unit;
}

/** @throws {TikTokRefusal} */
export function weightOf(body: Record<string, unknown>, items: number): Weight {
  if (body.weight === undefined) return { value: String(ITEM_GRAMS * items), unit: "GRAM" };
  const { value, unit } = fieldsOf(body.weight, "body.weight");
  return {
    value: positiveDecimal(value, "body.weight.value"),
    unit: unitOf(unit, ["GRAM", "POUND"], "body.weight.unit"),
  };
}

/** @throws {TikTokRefusal} unless all three sides are given. */
export function dimensionOf(body: Record<string, unknown>): Dimension {
  if (body.dimension === undefined) return BOX;
  const { length, width, height, unit } = fieldsOf(body.dimension, "body.dimension");
  return {
    length: positiveDecimal(length, "body.dimension.length"),
    width: positiveDecimal(width, "body.dimension.width"),
    height: positiveDecimal(height, "body.dimension.height"),
    unit: unitOf(unit, ["CM", "INCH"], "body.dimension.unit"),
  };
}

export function gramsOf({ value, unit }: Weight): number {
  return Number(value) * GRAMS[unit];
}
