/** Refusals of the API as sentences at the fields of a form. */

/** By name of the field. */
export type FieldErrors = Readonly<Record<string, string>>;

interface FieldError {
  /** JSON pointer into the body: `#/parcel/length`. */
  pointer: string;
  detail: string;
}

/** Fields of a body that a refusal names (RFC 9457), by the last part of their pointers. */
export function readFieldErrors(problem: Record<string, unknown>): FieldErrors {
  if (!Array.isArray(problem.errors)) return {};
  return Object.fromEntries(
    (problem.errors as FieldError[]).map(({ pointer, detail }) => [
      pointer.slice(pointer.lastIndexOf("/") + 1),
      `Expected: ${detail}.`,
    ]),
  );
}

/** Whether the form shows each field that is wrong. */
export function coversAll(errors: FieldErrors, names: readonly string[]): boolean {
  const wrong = Object.keys(errors);
  return wrong.length > 0 && wrong.every((name) => names.includes(name));
}
