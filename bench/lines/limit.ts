/** `deno task bench:limit`: the time of check_order_limit, with few and with many orders this month. */
import postgres from "postgres";
import { command } from "../local/cli/command.ts";
import { print } from "../local/cli/console.ts";
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";

const ROUNDS = 21;
const CALLS = { ours: 200, requested: 3 };
const TOKEN = `v1.k.${"A".repeat(16)}.${"A".repeat(22)}`;

const REQUESTED_FUNCTION = `
  create function private.requested_check_order_limit(user_uuid uuid) returns boolean as $$
  declare
    user_plan text;
    order_count integer;
    plan_limit integer;
  begin
    select plan_name into user_plan from public.subscriptions
    where user_id = user_uuid and status in ('active', 'trialing')
    order by created_at desc limit 1;
    select count(*) into order_count from public.orders
    where user_id = user_uuid and created_at >= date_trunc('month', now());
    plan_limit := case user_plan
      when 'starter' then 100 when 'growth' then 500 when 'scale' then 999999 else 10 end;
    return order_count < plan_limit;
  end;
  $$ language plpgsql security definer`;

async function createSeller(sql: postgres.Sql, name: string, orders: number): Promise<string> {
  const userId = crypto.randomUUID();
  await sql`insert into auth.users (id, email) values (${userId}, ${`${name}@example.com`})`;
  const [shop] = await sql`
    with login as (
      insert into private.tiktok_logins (user_id, open_id) values (${userId}, 'o'))
    insert into public.tiktok_shops (user_id, shop_id, shop_cipher, open_id, access_token,
      refresh_token, token_expires_at, refresh_token_expires_at)
    values (${userId}, ${String(orders)}, 'c', 'o', ${TOKEN}, ${TOKEN}, now(), now()) returning id`;
  await sql.begin(async (transaction) => {
    // No triggers: a million statistics rows and broadcasts are not measured.
    await transaction`set local session_replication_role = replica`;
    await transaction`
      insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency,
        total_amount, shipping_address, address_status, order_items, tiktok_updated_at)
      select ${userId}, ${shop?.id}, n::text, 'AWAITING_SHIPMENT', 'USD', 10, '{}', 'none', '[]', now()
      from generate_series(1, ${orders}) as n`;
    await transaction`
      insert into private.monthly_order_counts (user_id, month, orders)
      values (${userId}, private.current_month(), ${orders})`;
  });
  return userId;
}

/** Milliseconds for one call. */
async function timeCalls(sql: postgres.Sql, name: string, userId: string, calls: number) {
  const startedAt = performance.now();
  for (let n = 0; n < calls; n++) await sql`select ${sql(name)}(${userId})`;
  return (performance.now() - startedAt) / calls;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function run(): Promise<void> {
  await using database = await startTemporaryPostgres();
  const sql = postgres(database.access.adminUrl, { max: 1, onnotice: () => {} });
  print("Making a seller with 10 orders this month and one with 1,000,000.");
  const few = await createSeller(sql, "few", 10);
  const many = await createSeller(sql, "many", 1_000_000);
  await sql.unsafe(REQUESTED_FUNCTION);
  await sql`vacuum analyze`;
  const functions = [
    ["check_order_limit", "public.check_order_limit", CALLS.ours],
    ["requested", "private.requested_check_order_limit", CALLS.requested],
  ] as const;
  print("                     10 orders   1,000,000 orders   ratio (median of 21 pairs)");
  for (const [label, name, calls] of functions) {
    const pairs: [number, number][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const short = await timeCalls(sql, name, few, calls);
      pairs.push([short, await timeCalls(sql, name, many, calls)]);
    }
    const [short, long, ratio] = [
      median(pairs.map(([a]) => a)),
      median(pairs.map(([, b]) => b)),
      median(pairs.map(([a, b]) => b / a)),
    ];
    print(
      `${label.padEnd(20)} ${short.toFixed(3).padStart(6)} ms   ${
        long.toFixed(3).padStart(13)
      } ms   ${ratio.toFixed(2).padStart(5)}`,
    );
  }
  await sql.end();
}

export default await command(import.meta, {
  name: "bench:limit",
  help:
    `Measures check_order_limit for a seller with 1,000,000 orders this month and for one with 10.

  npx -y deno@2.9.5 task bench:limit

Next to it: the function of the requested schema, which counts the rows. Pairs are measured in turn in
one run; the ratios are the figures.`,
  run,
});
