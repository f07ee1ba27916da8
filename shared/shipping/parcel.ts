/** The measures of a parcel: as sellers give them, and in the units of each provider. */
import * as z from "zod/mini";
import { asObject } from "../http/read_json.ts";

/** Units that are never mixed: inches go with ounces and pounds, centimetres with grams and kilograms. */
const SYSTEM = { in: ["oz", "lb"], cm: ["g", "kg"] } as const;

/** Generous limits of any carrier: the longest side, and the weight. */
const LIMITS = { in: 120, cm: 300, oz: 2400, lb: 150, g: 70_000, kg: 70 } as const;

/** A number, or a decimal string, with at most two decimals; kept as the string. */
const Decimal = z.pipe(
  z.union([z.number(), z.string()], "a number above 0, such as 9.5"),
  z.transform(String),
).check(z.refine((text) => /^\d{1,6}(\.\d{1,2})?$/.test(text) && Number(text) > 0, {
  error: "a number above 0 with at most two decimals, such as 9.5",
}));

/** "9.0" is the same parcel as 9. */
const Measure = z.pipe(Decimal, z.transform((text) => String(Number(text))));

export const Parcel = z.strictObject({
  length: Measure,
  width: Measure,
  height: Measure,
  dimension_unit: z.enum(["in", "cm"]),
  weight: Measure,
  weight_unit: z.enum(["oz", "lb", "g", "kg"]),
}, asObject("length, width, height, dimension_unit, weight and weight_unit")).check(z.superRefine(
  (parcel, context) => {
    const { dimension_unit, weight_unit } = parcel;
    const add = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    if (!(SYSTEM[dimension_unit] as readonly string[]).includes(weight_unit)) {
      add("weight_unit", "a unit of the same system: in goes with oz or lb, cm with g or kg");
    }
    for (const side of ["length", "width", "height"] as const) {
      if (Number(parcel[side]) > LIMITS[dimension_unit]) {
        add(side, `at most ${LIMITS[dimension_unit]} ${dimension_unit}`);
      }
    }
    if (Number(parcel.weight) > LIMITS[weight_unit]) {
      add("weight", `at most ${LIMITS[weight_unit]} ${weight_unit}`);
    }
  },
));

/** Measures are decimal strings. */
export type Parcel = z.infer<typeof Parcel>;

/** A carrier charges again for a parcel that is declared too small. */
function roundUp(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  // In floating point 16 * 0.1 is a little more than 1.6, and must not become 1.7.
  return Math.ceil(Number((value * scale).toFixed(6))) / scale;
}

const CM_PER_INCH = 2.54;
const GRAMS_PER_OUNCE = 28.349523125;

/** EasyPost takes inches with two decimals and ounces with one. */
export function toInchesAndOunces(parcel: Parcel) {
  const inches = (side: string) =>
    roundUp(Number(side) / (parcel.dimension_unit === "cm" ? CM_PER_INCH : 1), 2);
  const weight = Number(parcel.weight);
  const ounces = {
    oz: weight,
    lb: weight * 16,
    g: weight / GRAMS_PER_OUNCE,
    kg: weight * 1000 / GRAMS_PER_OUNCE,
  }[parcel.weight_unit];
  return {
    length: inches(parcel.length),
    width: inches(parcel.width),
    height: inches(parcel.height),
    weight: roundUp(ounces, 1),
  };
}

/** TikTok takes decimal strings, in inches and pounds or in centimetres and grams. */
export function toTikTokMeasures(parcel: Parcel) {
  const { length, width, height, dimension_unit, weight_unit } = parcel;
  const weight = Number(parcel.weight);
  const value = {
    oz: roundUp(weight / 16, 4),
    lb: weight,
    g: weight,
    kg: roundUp(weight * 1000, 0),
  }[weight_unit];
  return {
    dimension: { length, width, height, unit: dimension_unit === "in" ? "INCH" : "CM" },
    weight: {
      value: String(value),
      unit: weight_unit === "oz" || weight_unit === "lb" ? "POUND" : "GRAM",
    },
  };
}
