import assert from "node:assert/strict";
import fc from "fast-check";
import { Parcel, toInchesAndOunces, toTikTokMeasures } from "./parcel.ts";

const MUG = {
  length: 9,
  width: "6",
  height: "5.25",
  dimension_unit: "in",
  weight: "1.4",
  weight_unit: "lb",
};

const METRIC = { ...MUG, dimension_unit: "cm", weight_unit: "kg" };

/** The wrong fields, and the messages about them. */
function wrong(parcel: unknown): string[] {
  const { error } = Parcel.safeParse(parcel);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

Deno.test("measures are numbers or decimal strings, and kept as decimal strings in one form", () => {
  assert.deepEqual(Parcel.parse(MUG), { ...MUG, length: "9" });
  for (
    const [given, kept] of [[9.5, "9.5"], ["09.50", "9.5"], ["9.0", "9"], [1e2, "100"], [
      0.01,
      "0.01",
    ]]
  ) {
    assert.equal(Parcel.parse({ ...MUG, height: given }).height, kept);
  }
});

Deno.test("a measure that is not a plain number above 0 with at most two decimals is refused", () => {
  const refused = [
    ...["", " ", "-1", "+1", "0", "0.00", "NaN", "Infinity", "1e3", "1e-3", "0x10", "1,5", " 9"],
    ...["9 ", ".5", "5.", "1.005", "1.0.0", "1234567", "９", "9\n", "9in"],
    ...[-1, -0, 0, NaN, Infinity, -Infinity, 1.005, 1e21, 1e-7, 0.1 + 0.2],
    ...[null, undefined, true, false, [], [9], {}, 9n],
  ];
  for (const field of ["length", "width", "height", "weight"]) {
    for (const value of refused) {
      const said = wrong({ ...MUG, [field]: value });
      assert.match(said[0] ?? "", new RegExp(`^${field}: a number above 0`), String(value));
      assert.ok(said.every((text) => text.startsWith(`${field}: `)));
    }
  }
});

Deno.test("the units belong to one system", () => {
  for (const weight_unit of ["oz", "lb"]) assert.deepEqual(wrong({ ...MUG, weight_unit }), []);
  for (const weight_unit of ["g", "kg"]) assert.deepEqual(wrong({ ...METRIC, weight_unit }), []);
  for (const [dimension_unit, weight_unit] of [["in", "g"], ["in", "kg"], ["cm", "oz"]]) {
    const [said, ...more] = wrong({ ...MUG, dimension_unit, weight_unit });
    assert.match(said ?? "", /^weight_unit: a unit of the same system/);
    assert.deepEqual(more, []);
  }
  for (const unit of ["IN", "inch", "m", "ft", "", null, "toString"]) {
    assert.match(wrong({ ...MUG, dimension_unit: unit }).join(), /^dimension_unit: /);
    assert.match(wrong({ ...MUG, weight_unit: unit }).join(), /^weight_unit: /);
  }
});

Deno.test("a parcel above the limit of its unit is refused", () => {
  const limits: [Record<string, unknown>, string, number][] = [
    [MUG, "length", 120],
    [METRIC, "height", 300],
    [{ ...MUG, weight_unit: "oz" }, "weight", 2400],
    [MUG, "weight", 150],
    [{ ...METRIC, weight_unit: "g" }, "weight", 70_000],
    [METRIC, "weight", 70],
  ];
  for (const [parcel, field, limit] of limits) {
    assert.deepEqual(wrong({ ...parcel, [field]: limit }), []);
    const [said, ...more] = wrong({ ...parcel, [field]: `${limit}.01` });
    assert.match(said ?? "", new RegExp(`^${field}: at most ${limit} `));
    assert.deepEqual(more, []);
  }
  const everything = { ...MUG, length: 999_999, width: 121, height: 121, weight: 151 };
  assert.equal(wrong(everything).length, 4, "each of them is named");
});

Deno.test("a parcel has all of its fields and no others", () => {
  for (const field of Object.keys(MUG)) {
    const { [field]: _, ...rest } = MUG as Record<string, unknown>;
    assert.match(wrong(rest).join(), new RegExp(`^${field}: `));
  }
  assert.equal(wrong({ ...MUG, volume: 3 }).length, 1);
  for (const value of [null, undefined, "9x6x5", 9, true, [9, 6, 5]]) {
    assert.match(wrong(value).join(), /^: length, width, height/);
  }
});

Deno.test("toInchesAndOunces() converts exactly what converts exactly, without a binary fraction", () => {
  const inches = (length: string, dimension_unit: "in" | "cm") =>
    toInchesAndOunces(Parcel.parse({
      ...MUG,
      length,
      dimension_unit,
      weight_unit: dimension_unit === "in" ? "lb" : "kg",
    })).length;
  const ounces = (weight: string, weight_unit: "oz" | "lb" | "g" | "kg") =>
    toInchesAndOunces(Parcel.parse({
      ...MUG,
      weight,
      weight_unit,
      dimension_unit: weight_unit.endsWith("g") ? "cm" : "in",
    })).weight;
  assert.deepEqual(["9", "9.25", "0.1"].map((text) => inches(text, "in")), [9, 9.25, 0.1]);
  assert.deepEqual(["2.54", "25.4", "254"].map((text) => inches(text, "cm")), [1, 10, 100]);
  assert.deepEqual(["0.1", "1.4", "1.1", "150"].map((text) => ounces(text, "lb")), [
    1.6,
    22.4,
    17.6,
    2400,
  ]);
  assert.deepEqual(["15.4", "0.3"].map((text) => ounces(text, "oz")), [15.4, 0.3]);
  // Values in between are rounded up.
  assert.equal(inches("1", "cm"), 0.4);
  assert.equal(ounces("0.01", "oz"), 0.1);
  assert.equal(ounces("28.34", "g"), 1);
  assert.equal(ounces("28.35", "g"), 1.1);
  assert.equal(ounces("1", "kg"), 35.3);
});

/** Hundredths, up to a unit's limit. */
const hundredths = (limit: number) => fc.integer({ min: 1, max: limit * 100 });

const text = (value: number) =>
  `${Math.floor(value / 100)}.${String(value % 100).padStart(2, "0")}`;

/** A decimal with `places` places at most, as an integer of the last one. */
function digits(value: number | string, places: number): bigint {
  const [whole = "", fraction = ""] = String(value).split(".");
  assert.ok(fraction.length <= places, `${value} has more than ${places} decimals`);
  return BigInt(whole + fraction.padEnd(places, "0"));
}

/**
 * The declared value, in units of its last place, is the true `numerator / denominator` rounded up. An
 * excess of less than a millionth of that unit may be rounded off: no scale shows it.
 */
function assertRoundedUp(declared: bigint, numerator: bigint, denominator: bigint): void {
  const excess = declared * denominator - numerator;
  const what = `${declared} for ${numerator}/${denominator}`;
  assert.ok(excess * 1_000_000n > -denominator, `${what} is less than the truth`);
  assert.ok(excess < denominator, `${what} is a whole unit too much`);
}

Deno.test("centimetres become inches, rounded up by less than 0.01", () => {
  fc.assert(fc.property(hundredths(300), (value) => {
    const parcel = Parcel.parse({ ...METRIC, length: text(value) });
    // value / 100 cm are value / 2.54 hundredths of an inch: never within a millionth of a whole one.
    const declared = digits(toInchesAndOunces(parcel).length, 2);
    assertRoundedUp(declared, BigInt(value) * 100n, 254n);
    assert.ok(declared * 254n >= BigInt(value) * 100n);
  }));
});

Deno.test("pounds and ounces become ounces, rounded up by less than 0.1", () => {
  const units = { oz: [1n, 2400], lb: [16n, 150] } as const;
  for (const [weight_unit, [factor, limit]] of Object.entries(units)) {
    fc.assert(fc.property(hundredths(limit), (value) => {
      const parcel = Parcel.parse({ ...MUG, weight: text(value), weight_unit });
      const declared = digits(toInchesAndOunces(parcel).weight, 1);
      assert.equal(declared, (BigInt(value) * factor + 9n) / 10n);
    }));
  }
});

Deno.test("grams and kilograms become ounces, rounded up by less than 0.1", () => {
  const units = { g: [1n, 70_000], kg: [1000n, 70] } as const;
  for (const [weight_unit, [factor, limit]] of Object.entries(units)) {
    fc.assert(
      fc.property(hundredths(limit), (value) => {
        const parcel = Parcel.parse({ ...METRIC, weight: text(value), weight_unit });
        const declared = digits(toInchesAndOunces(parcel).weight, 1);
        // An ounce is 28.349523125 g.
        assertRoundedUp(declared, BigInt(value) * factor * 100_000_000n, 28_349_523_125n);
      }),
      { numRuns: 1000 },
    );
  }
});

Deno.test("toTikTokMeasures() gives decimal strings, in inches and pounds or centimetres and grams", () => {
  const measures = (parcel: Record<string, unknown>) => toTikTokMeasures(Parcel.parse(parcel));
  assert.deepEqual(measures(MUG), {
    dimension: { length: "9", width: "6", height: "5.25", unit: "INCH" },
    weight: { value: "1.4", unit: "POUND" },
  });
  assert.deepEqual(measures({ ...METRIC, length: 30, weight: 1.25 }), {
    dimension: { length: "30", width: "6", height: "5.25", unit: "CM" },
    weight: { value: "1250", unit: "GRAM" },
  });
  const weights = [
    ["22.4", "oz", "1.4", "POUND"],
    ["1", "oz", "0.0625", "POUND"],
    ["0.01", "oz", "0.0007", "POUND"],
    ["1.40", "lb", "1.4", "POUND"],
    ["150", "g", "150", "GRAM"],
    ["0.07", "kg", "70", "GRAM"],
    ["1.1", "kg", "1100", "GRAM"],
  ] as const;
  for (const [weight, weight_unit, value, unit] of weights) {
    const dimension_unit = unit === "GRAM" ? "cm" : "in";
    assert.deepEqual(measures({ ...MUG, dimension_unit, weight, weight_unit }).weight, {
      value,
      unit,
    });
  }
});

Deno.test("TikTok's weights are rounded up by less than a unit of the last place", () => {
  fc.assert(fc.property(hundredths(2400), (value) => {
    const parcel = Parcel.parse({ ...MUG, weight: text(value), weight_unit: "oz" });
    const { weight } = toTikTokMeasures(parcel);
    // A hundredth of an ounce is 6.25 ten-thousandths of a pound.
    assert.equal(digits(weight.value, 4), (BigInt(value) * 625n + 99n) / 100n);
  }));
  fc.assert(fc.property(hundredths(70), (value) => {
    const parcel = Parcel.parse({ ...METRIC, weight: text(value) });
    assert.equal(toTikTokMeasures(parcel).weight.value, String(value * 10));
  }));
});
