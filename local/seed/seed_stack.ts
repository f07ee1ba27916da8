/** Seeds a running stack through its functions and the simulators, so that their states agree. */
import type postgres from "postgres";
import { withConnection } from "../postgres/connection.ts";
import { buyPlan, waitForLimit } from "../stack/buy_plan.ts";
import type { StackEnvironment } from "../stack/environment.ts";
import {
  authorizeSimulatedShop,
  connectWithCode,
  type Seller,
  signInSeller,
} from "../stack/seller.ts";
import { control } from "../stack/simulator_control.ts";
import { forgetSeller } from "./forget_seller.ts";
import { placeOrders, waitForOrders } from "./place_orders.ts";
import type { SeededSeller, Seeding } from "./seeded.ts";
import { openIdOf, SEED_PASSWORD, SEEDED_SELLERS } from "./sellers.ts";
import { shipOrders } from "./ship_orders.ts";
import { until, untilSettled } from "./until.ts";

/** The rows of supabase/seed.sql have this id; Auth gives others. */
const ADA_IN_ROWS = "5eed0000-0000-4000-8000-000000000001";

/** @throws {Error} if the sellers are those of supabase/seed.sql, which no vendor knows */
async function refuseRows(sql: postgres.Sql): Promise<void> {
  const [row] = await sql`select from auth.users where id = ${ADA_IN_ROWS}`;
  if (row === undefined) return;
  throw new Error(
    "The database has the sellers of supabase/seed.sql, without shops at the simulators. " +
      "Empty it first: npx -y deno@2.9.5 task migration:reset",
  );
}

/** The plan is bought at Stripe's page; a failed renewal makes it past due. */
async function subscribe({ env, sql, seeded, signIn }: Seeding): Promise<void> {
  const { email, plan } = seeded;
  if (plan === undefined) return;
  const readStatus = async () => {
    const [row] = await sql<{ status: string }[]>`
      select subscriptions.status from public.subscriptions
      join public.users on users.id = subscriptions.user_id where users.email = ${email}`;
    return row?.status;
  };
  if (await readStatus() !== undefined) return;
  const seller = await signIn();
  await buyPlan(env, seller, plan.name);
  await waitForLimit(seller, plan.limit);
  if (!plan.pastDue) return;
  const { customers, subscriptions } = await control<{
    customers: { id: string; metadata: { user_id?: string } }[];
    subscriptions: { id: string; customer: string }[];
  }>(env, "stripe", "", { method: "GET" });
  const customer = customers.find(({ metadata }) => metadata.user_id === seller.id)?.id;
  const subscription = subscriptions.find((candidate) => candidate.customer === customer);
  const body = { change: "payment_fails" };
  await control(env, "stripe", `subscriptions/${subscription?.id}`, { body });
  await until(
    `the plan of ${email} is past due`,
    async () => await readStatus() === "past_due",
  );
}

async function addShops({ env, seeded }: Seeding): Promise<void> {
  const { shops } = await control<{ shops: { shop_id: string }[] }>(
    ...[env, "tiktok", "", { method: "GET" }] as const,
  );
  const known = new Set(shops.map(({ shop_id }) => shop_id));
  for (const { id, name, region } of seeded.shops) {
    if (known.has(id)) continue;
    const seller_type = seeded.shops.length > 1 ? "CROSS_BORDER" : "LOCAL";
    const body = { shop_id: id, name, region, open_id: openIdOf(seeded), seller_type };
    await control(env, "tiktok", "shops", { body });
  }
}

/** One authorisation connects all shops of the login. */
async function connectShops({ env, sql, seeded, signIn }: Seeding): Promise<void> {
  const shopIds = seeded.shops.map(({ id }) => id);
  const connected = await sql`
    select from public.tiktok_shops join public.users on users.id = tiktok_shops.user_id
    where users.email = ${seeded.email} and tiktok_shops.shop_id in ${sql(shopIds)}`;
  if (connected.length > 0) return;
  const code = await authorizeSimulatedShop(env, shopIds[0] as string);
  await connectWithCode(env, await signIn(), code);
}

async function seedSeller(
  env: StackEnvironment,
  sql: postgres.Sql,
  seeded: SeededSeller,
): Promise<void> {
  const [user] = await sql`select from auth.users where email = ${seeded.email}`;
  if (user === undefined) await forgetSeller(env, seeded);
  let signedIn: Promise<Seller> | undefined;
  const signIn = () => signedIn ??= signInSeller(env, seeded.email, SEED_PASSWORD);
  if (user === undefined) await signIn();
  const seeding: Seeding = { env, sql, seeded, signIn };
  await subscribe(seeding);
  await addShops(seeding);
  await placeOrders(seeding);
  await connectShops(seeding);
  await waitForOrders(seeding);
  await shipOrders(seeding);
}

/** The numbers of rows that seeding adds to. */
async function countRows(sql: postgres.Sql): Promise<string> {
  const [counts] = await sql`
    select (select count(*) from auth.users) as users,
      (select count(*) from public.tiktok_shops) as shops,
      (select count(*) from public.orders) as orders,
      (select count(*) from public.shipments) as shipments,
      (select count(*) from public.subscriptions) as subscriptions`;
  return JSON.stringify(counts);
}

/**
 * Adds the sellers that are missing, and finishes those that an interrupted seeding has begun.
 * @returns Whether anything was missing. @throws {Error} that says what did not happen
 */
export async function seedStack(
  env: StackEnvironment,
  sellers: readonly SeededSeller[] = SEEDED_SELLERS,
): Promise<boolean> {
  return await withConnection(env.SUPABASE_DB_URL, async (sql) => {
    await refuseRows(sql);
    const before = await countRows(sql);
    const seedings = sellers.map((seeded) => seedSeller(env, sql, seeded));
    const failed = (await Promise.allSettled(seedings)).find(({ status }) => status === "rejected");
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    await untilSettled(sql);
    return await countRows(sql) !== before;
  });
}
