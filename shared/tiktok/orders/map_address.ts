/** Maps TikTok's recipient address, and says whether it is readable. */
import type { RecipientAddress } from "../api/schemas.ts";

/** `orders.shipping_address`; `{}` when there is none. */
export interface ShippingAddress {
  name: string | null;
  phone: string | null;
  line1: string | null;
  line2: string | null;
  city: string | null;
  state: string | null;
  postal_code: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  /** TikTok's own one-line form. */
  full_address: string | null;
  /** TikTok's country, state, city and so on; which of them exist differs by country. */
  districts: { level: string; type: string; name: string }[];
}

/** `masked`: TikTok replaced parts by asterisks, for good. */
export type AddressStatus = "readable" | "masked" | "none";

export interface MappedAddress {
  status: AddressStatus;
  address: ShippingAddress | Record<string, never>;
}

const CITY = /\b(city|town|municipality|district)\b/i;
const STATE = /\b(state|province|region|prefecture)\b/i;

function clean(text: string | null | undefined): string | null {
  return text?.trim() || null;
}

/** Maps `recipient_address` of Get Order Detail. */
export function mapAddress(recipient: RecipientAddress | null | undefined): MappedAddress {
  if (!recipient) return { status: "none", address: {} };
  const districts = (recipient.district_info ?? []).map((district) => ({
    level: district.address_level ?? "",
    type: district.address_level_name ?? "",
    name: district.address_name ?? "",
  })).filter((district) => district.name !== "");
  const named = (type: RegExp) => districts.findLast((district) => type.test(district.type))?.name;
  const atLevel = (level: string) => districts.find((district) => district.level === level)?.name;
  const fullName = [recipient.first_name, recipient.last_name].map(clean).filter(Boolean).join(" ");
  const lines = [
    recipient.address_line1,
    recipient.address_line2,
    recipient.address_line3,
    recipient.address_line4,
  ].map(clean).filter((line) => line !== null);

  const address: ShippingAddress = {
    name: clean(recipient.name) ?? clean(fullName),
    phone: clean(recipient.phone_number),
    line1: lines[0] ?? clean(recipient.address_detail),
    line2: clean(lines.slice(1).join(", ")),
    city: clean(recipient.post_town) ?? clean(named(CITY)),
    state: clean(named(STATE)) ?? clean(atLevel("L1")),
    postal_code: clean(recipient.postal_code),
    country: clean(recipient.region_code),
    full_address: clean(recipient.full_address),
    districts,
  };
  // TikTok also withholds an address by emptying every field but the country.
  const written = [address.name, address.line1, address.line2, address.full_address];
  if (written.every((part) => part === null)) return { status: "none", address: {} };
  const masked = [...written, address.phone, address.postal_code].some((part) =>
    part?.includes("*")
  );
  return { status: masked ? "masked" : "readable", address };
}
