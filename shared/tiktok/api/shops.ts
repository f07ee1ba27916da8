/** TikTok's Authorization API (202309), as far as we call it. */
import type { TikTokClient } from "./client.ts";
import { type Elements, readElements } from "./elements.ts";
import { AuthorizedShop, AuthorizedShopList } from "./schemas.ts";

const PATH = "/authorization/202309/shops";

/** Get Authorized Shops: all shops of the login that the token belongs to. @throws {TikTokError} */
export async function getAuthorizedShops(
  tiktok: TikTokClient,
  accessToken: string,
): Promise<Elements<AuthorizedShop>> {
  const { shops } = await tiktok.call(AuthorizedShopList, { accessToken }, {
    method: "GET",
    path: PATH,
    repeatable: true,
  });
  return readElements(AuthorizedShop, shops, PATH);
}
