/** `deno task connect-shop`: a seller with a connected shop, on the running stack. */
import { resolve } from "node:path";
import { unwrap } from "../../shared/database/errors.ts";
import { askConsent } from "../cli/ask_consent.ts";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { DATA_HELP, DATA_OPTION } from "../cli/data_folder.ts";
import { findRunningStack } from "../stack/running_stack.ts";
import { connectSampleShop } from "../stack/connect_sample_shop.ts";
import { SAMPLE_SHOP_ID } from "../stack/sample_shops.ts";
import {
  authorizeSimulatedShop,
  connectWithCode,
  describeShop,
  type Seller,
  type ShownShop,
  signInSeller,
} from "../stack/seller.ts";

/** A code may be of any TikTok login, so its shops are confirmed by hand; the simulator's shop was named. */
async function confirmShops(
  shops: ShownShop[],
  email: string,
  isNamed: boolean,
): Promise<boolean> {
  const names = shops.map(describeShop).join(", ");
  print(`TikTok names the shops of this login: ${names}.`);
  return isNamed || await askConsent(`Connect them to ${email}?`);
}

async function activeShops({ client }: Seller): Promise<string[]> {
  const shops = unwrap(
    "tiktok_shops",
    await client.from("tiktok_shops").select("shop_id").eq("is_active", true),
  );
  return shops.map(({ shop_id }) => shop_id);
}

export default await command(import.meta, {
  name: "connect-shop",
  help:
    `Signs a seller up on the running stack (or in) and connects a TikTok shop, unless they have one.

  npx -y deno@2.9.5 task connect-shop EMAIL [options]

  --shop-id ID    a shop of the simulator              (${SAMPLE_SHOP_ID}, or another one
                                                        if an account has it)
  --code CODE     a code from another TikTok's authorisation, in place of the simulator's
  --yes           connect the shops of --code without asking
  --password TEXT the seller's password                (local-password)
${DATA_HELP}`,
  options: {
    "shop-id": { type: "string" },
    code: { type: "string" },
    yes: { type: "boolean", default: false },
    password: { type: "string", default: "local-password" },
    ...DATA_OPTION,
  },
  positionals: ["EMAIL"],
  async run({ values, positionals: [email = ""] }) {
    const env = await findRunningStack(resolve(values.data));
    const { code, "shop-id": shopId } = values;
    // Before the sign-up: TikTok may refuse the shop.
    const agreed = shopId === undefined || code !== undefined
      ? code
      : await authorizeSimulatedShop(env, shopId);
    const seller = await signInSeller(env, email, values.password);
    if (agreed === undefined) {
      if ((await activeShops(seller)).length === 0) await connectSampleShop(env, seller, print);
    } else {
      const isNamed = code === undefined || values.yes;
      await connectWithCode(env, seller, agreed, (shops) => confirmShops(shops, email, isNamed));
    }
    const shopIds = (await activeShops(seller)).join(", ");
    print(`
${email} is signed in (password: ${values.password}) and has connected shop ${shopIds}.

Their orders, as they see them (the token is valid for an hour):

  token='${seller.accessToken}'
  curl '${env.SUPABASE_URL}/rest/v1/orders?select=tiktok_order_id,order_status,total_amount,currency' \\
    -H 'apikey: ${env.SUPABASE_PUBLISHABLE_KEY}' \\
    -H "Authorization: Bearer $token"
`);
  },
});
