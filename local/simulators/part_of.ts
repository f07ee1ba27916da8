/** Types of simulated objects, checked against the types of the vendor's own package. */

type Primitive = string | number | boolean | bigint | null | undefined;
type KeyOf<T> = T extends object ? keyof T : never;
type ValueOf<T, K> = T extends object ? K extends keyof T ? T[K] : never : never;
type ElementOf<T> = T extends readonly (infer E)[] ? E : never;

/** The values that an enumeration names; Stripe's also take any other text. */
type NamedValue<T> = T extends string ? (Record<never, never> extends Record<T, 1> ? never : T)
  : never;

type AllowedText<Whole, Text extends string> = string extends Text
  ? (Text extends Whole ? Text : never)
  : [NamedValue<Whole>] extends [never] ? (Text extends Whole ? Text : never)
  : Text extends NamedValue<Whole> ? Text
  : never;

type AllowedFields<Whole, Part> = {
  [K in keyof Part]: K extends `simulated_${string}` ? unknown
    : K extends KeyOf<Whole> ? Allowed<ValueOf<Whole, K>, Part[K]>
    : never;
};

type Allowed<Whole, Part> = unknown extends Whole ? Part
  : Part extends string ? AllowedText<Whole, Part>
  : Part extends Primitive ? (Part extends Whole ? Part : never)
  : Part extends readonly (infer E)[] ? Allowed<ElementOf<Whole>, E>[]
  : AllowedFields<Whole, Part>;

/**
 * `Part`, which compiles only if each of its fields, at every depth, is a field of `Whole` whose type takes
 * it. Fields whose name begins with `simulated_` are internal.
 */
export type PartOf<Whole, Part extends AllowedFields<Whole, Part>> = Part;
