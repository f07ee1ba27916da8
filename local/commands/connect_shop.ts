/** `deno task connect-shop`: a seller with a connected shop, on the running stack. */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { unwrap } from "../../shared/database/errors.ts";
import { print } from "../cli/console.ts";
import { findRunningStack } from "../cli/running_stack.ts";
import { authorizeSimulatedShop, connectWithCode, signInSeller } from "../stack/seller.ts";
import { SAMPLE_SHOP_ID } from "../stack/sample_shops.ts";

const HELP = `Signs a seller up on the running stack (or in) and connects a TikTok shop.

  npx -y deno@2.9.5 task connect-shop EMAIL [options]

  --shop-id ID        a shop of the simulator              (${SAMPLE_SHOP_ID})
  --code CODE         a code from another TikTok's authorisation, in place of the simulator's
  --password TEXT     of the seller                        (local-password)
  --data DIR          data folder of the running stack     (.local)`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "shop-id": { type: "string", default: SAMPLE_SHOP_ID },
      code: { type: "string" },
      password: { type: "string", default: "local-password" },
      data: { type: "string", default: ".local" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [email] = positionals;
  if (values.help || email === undefined || positionals.length > 1) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  const env = await findRunningStack(resolve(values.data));
  const seller = await signInSeller(env, email, values.password);
  const code = values.code ?? await authorizeSimulatedShop(env, values["shop-id"]);
  await connectWithCode(env, seller, code);
  const shops = unwrap(
    "tiktok_shops",
    await seller.client.from("tiktok_shops").select("shop_id").eq("is_active", true),
  );
  print(`
${email} is signed in (password: ${values.password}) and has connected shop ${
    shops.map((shop) => shop.shop_id).join(", ")
  }.

Their orders, as they see them (the token is good for an hour):

  token='${seller.accessToken}'
  curl '${env.SUPABASE_URL}/rest/v1/orders?select=tiktok_order_id,order_status,total_amount,currency' \\
    -H 'apikey: ${env.SUPABASE_PUBLISHABLE_KEY}' \\
    -H "Authorization: Bearer $token"
`);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
