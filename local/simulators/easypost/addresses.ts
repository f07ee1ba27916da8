/** Reads addresses. EasyPost accepts incomplete addresses and offers no rates for them. */
import { refusals } from "./errors.ts";
import { newId, timestamp } from "./ids.ts";
import type { Address, Mode } from "./objects.ts";

/** A text or a number as text; `null` for anything else and for "". */
function text(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  return String(value).trim() || null;
}

/** Missing fields that every carrier needs. */
export function missingParts(address: Address): string[] {
  const needed = ["street1", "city", "state", "zip"] as const;
  return needed.filter((part) => address[part] === null);
}

/** The result of `verify`, which refuses nothing: the caller has to read it. */
function verify(missing: string[]) {
  return {
    success: missing.length === 0,
    errors: missing.map((field) => ({
      ...{ code: "ADDRESS.VERIFICATION.INVALID" as const, field, message: `${field} is missing` },
      suggestion: "",
    })),
    // EasyPost's package types a place here, which only a found address has.
    details: {} as never,
  };
}

/** Returns `undefined` for an empty address. @throws {EasyPostRefusal} */
export function makeAddress(
  value: unknown,
  { mode, now }: { mode: Mode; now: number },
): Address | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const country = text(given.country)?.toUpperCase() ?? "US";
  if (!/^[A-Z]{2}$/.test(country)) throw refusals.invalidCountry();
  const parts = {
    name: text(given.name),
    company: text(given.company),
    street1: text(given.street1),
    street2: text(given.street2),
    city: text(given.city),
    state: text(given.state),
    zip: text(given.zip),
    phone: text(given.phone),
    email: text(given.email),
  };
  if (Object.values(parts).every((part) => part === null)) return undefined;
  if (Object.values(parts).some((part) => /[\u{10000}-\u{10FFFF}]/u.test(part ?? ""))) {
    throw refusals.invalidCharacter();
  }
  // EasyPost writes UTC in addresses as +00:00, elsewhere as Z.
  const at = timestamp(now).replace("Z", "+00:00");
  const address: Address = {
    id: newId("adr"),
    object: "Address",
    created_at: at,
    updated_at: at,
    mode,
    ...parts,
    country,
    residential: typeof given.residential === "boolean" ? given.residential : null,
    verifications: {},
  };
  const missing = missingParts(address);
  if (given.verify_strict && missing.length > 0) {
    throw refusals.unverified(missing.map((field) => ({ field, message: `${field} is missing` })));
  }
  if (given.verify || given.verify_strict) address.verifications = { delivery: verify(missing) };
  return address;
}
