/** Maps TikTok's recipient address, and says whether it is readable. */
import type { RecipientAddress } from "../api/schemas.ts";
import { type Market, MARKETS, OTHER_MARKET } from "./markets.ts";

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

/** `masked`: TikTok replaced parts by three or more asterisks, for good. */
export type AddressStatus = "readable" | "masked" | "none";

export interface MappedAddress {
  status: AddressStatus;
  address: ShippingAddress | Record<string, never>;
}

/** TikTok replaces at least three characters; a buyer's own asterisks are fewer. */
const MASK = /\*{3,}/;

function clean(text: string | null | undefined): string | null {
  return text?.trim() || null;
}

type District = ShippingAddress["districts"][number];

/** The first of `wanted`, levels or names of levels, that the districts have. */
function findDistrict(districts: District[], wanted: readonly string[]): string | null {
  for (const key of wanted) {
    const found = /^L\d$/.test(key)
      ? districts.find(({ level }) => level === key)
      // Two levels may have one name: the lower one is meant.
      : districts.findLast(({ type }) => type.toLowerCase().replaceAll(/[-_]/g, " ") === key);
    if (found !== undefined) return found.name;
  }
  return null;
}

function cityOf(recipient: RecipientAddress, districts: District[], market: Market) {
  return clean(recipient.post_town) ?? findDistrict(districts, market.city) ??
    market.onlyCity ?? null;
}

/** A phone has no asterisks of its own. */
function isMasked({ phone, districts, ...address }: ShippingAddress): boolean {
  const texts = [
    address.name,
    address.line1,
    address.line2,
    address.postal_code,
    address.full_address,
    ...districts.map(({ name }) => name),
  ];
  return phone?.includes("*") === true || texts.some((text) => MASK.test(text ?? ""));
}

/** Maps `recipient_address` of Get Order Detail. */
export function mapAddress(recipient: RecipientAddress | null | undefined): MappedAddress {
  if (!recipient) return { status: "none", address: {} };
  const districts = (recipient.district_info ?? []).map((district) => ({
    level: district.address_level?.trim() ?? "",
    type: district.address_level_name?.trim() ?? "",
    name: district.address_name?.trim() ?? "",
  })).filter((district) => district.name !== "");
  const market = MARKETS[recipient.region_code ?? ""] ?? OTHER_MARKET;
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
    city: cityOf(recipient, districts, market),
    state: findDistrict(districts, market.state),
    postal_code: clean(recipient.postal_code),
    country: clean(recipient.region_code),
    full_address: clean(recipient.full_address),
    districts,
  };
  // TikTok also withholds an address by emptying every field but the country.
  const written = [address.name, address.line1, address.line2, address.full_address];
  if (written.every((part) => part === null)) return { status: "none", address: {} };
  return { status: isMasked(address) ? "masked" : "readable", address };
}
