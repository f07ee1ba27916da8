/** The sender's address as sellers give it, and both addresses of a parcel in EasyPost's form. */
import * as z from "zod/mini";
import { asObject } from "../http/read_json.ts";
import type { ShippingAddress } from "../tiktok/orders/map_address.ts";
import { CountryCode } from "../values/schemas.ts";
import { printableText } from "./printable_text.ts";
import { stateForCarrier } from "./us_states.ts";

const Line = z.string().check(
  z.trim(),
  z.minLength(1, "1 to 100 characters"),
  z.maxLength(100, "1 to 100 characters"),
);

export const Sender = z.strictObject({
  name: Line,
  company: z.optional(Line),
  phone: z.string().check(z.trim(), z.regex(/^[+\d][\d ()./-]{4,30}$/, "a phone number")),
  line1: Line,
  line2: z.optional(Line),
  city: Line,
  state: z.optional(Line),
  postal_code: z.string().check(z.trim(), z.regex(/^[A-Za-z0-9 -]{2,12}$/, "a postal code")),
  country: CountryCode,
}, asObject("name, phone, line1, city, postal_code and country"));

export type Sender = z.infer<typeof Sender>;

/** Leaves out empty fields, and what carriers do not print. */
function printableFields(
  address: Record<string, string | null | undefined>,
): Record<string, string> {
  const fields = Object.entries(address)
    .map(([name, text]) => [name, printableText(text ?? "")] as const);
  return Object.fromEntries(fields.filter(([, text]) => text !== ""));
}

export function senderForEasyPost(sender: Sender): Record<string, string> {
  const { name, company, phone, line1, line2, city, state, postal_code, country } = sender;
  return printableFields({
    name,
    company,
    phone,
    street1: line1,
    street2: line2,
    city,
    state: stateForCarrier(state, country),
    zip: postal_code,
    country,
  });
}

export function recipientForEasyPost(address: Partial<ShippingAddress>): Record<string, string> {
  return printableFields({
    name: address.name,
    phone: address.phone,
    street1: address.line1,
    street2: address.line2,
    city: address.city,
    state: stateForCarrier(address.state, address.country),
    zip: address.postal_code,
    country: address.country,
  });
}
