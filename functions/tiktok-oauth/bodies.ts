/** The bodies and ids that `tiktok-oauth` takes. */
import * as z from "zod/mini";
import { CountryCode } from "../../shared/values/schemas.ts";
import { ShopNotFoundError } from "./problems.ts";

export const AuthorizeBody = z.strictObject({ region: z.optional(CountryCode) });

export const CompleteBody = z.strictObject({
  claim: z.string("the claim that APP_URL was given").check(z.minLength(1), z.maxLength(4096)),
  /** Only after the seller has seen the shops' names and agreed. */
  confirm: z._default(z.boolean(), false),
});

/** `tiktok_shops.id`. @throws {ShopNotFoundError} for anything else */
export function readShopId(id: string): string {
  if (!z.uuid().safeParse(id).success) throw new ShopNotFoundError();
  return id;
}
