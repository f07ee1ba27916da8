/** A fresh Postgres with the migrations, and sellers with rows that were not made one by one. */
import postgres from "postgres";
import { startTemporaryPostgres } from "../../local/postgres/temporary.ts";

/** A text in the form of an encrypted token. */
export const TOKEN = `v1.k.${"A".repeat(16)}.${"A".repeat(22)}`;

export interface BenchDatabase extends AsyncDisposable {
  /** The administrator's connection; one, so that its CPU time is that of the calls. */
  sql: postgres.Sql;
  /** The administrator's address, for clients of others. */
  adminUrl: string;
  /** Further connections of the administrator, one each. */
  connect(count: number): Promise<postgres.Sql[]>;
  /** CPU milliseconds of all connections' processes so far; NaN where the system does not say. */
  cpuMs(): Promise<number>;
}

/** The first number is the time on a CPU in nanoseconds; only Linux has the file. */
async function cpuNanoseconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/schedstat`).catch(() => "");
  return stat === "" ? NaN : Number(stat.split(" ")[0]);
}

export async function startBenchDatabase(): Promise<BenchDatabase> {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await startTemporaryPostgres());
  const pids: number[] = [];
  const connectOnce = async () => {
    const sql = postgres(database.access.adminUrl, { max: 1, onnotice: () => {} });
    const [backend] = await sql`select pg_backend_pid() as pid`;
    pids.push(backend?.pid);
    return sql;
  };
  const connections: postgres.Sql[] = [await connectOnce()];
  resources.defer(async () => {
    await Promise.all(connections.map((sql) => sql.end()));
  });
  const kept = resources.move();
  return {
    sql: connections[0] as postgres.Sql,
    adminUrl: database.access.adminUrl,
    async connect(count) {
      const added = await Promise.all(Array.from({ length: count }, connectOnce));
      connections.push(...added);
      return added;
    },
    async cpuMs() {
      const times = await Promise.all(pids.map(cpuNanoseconds));
      return times.reduce((sum, time) => sum + time, 0) / 1e6;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Statements without triggers and foreign keys: for rows that only have to be there. */
export async function withoutTriggers(
  sql: postgres.Sql,
  work: (transaction: postgres.TransactionSql) => Promise<unknown>,
): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`set local session_replication_role = replica`;
    await work(transaction);
  });
}

/** Fills tables without their indexes, then creates these again: a tenth of the time for a million rows. */
export async function withoutIndexes(
  sql: postgres.Sql,
  tables: readonly string[],
  work: () => Promise<unknown>,
): Promise<void> {
  const indexes = await sql`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
    where indrelid = any (${tables}::regclass[])
      and not exists (select from pg_constraint where conindid = indexrelid)`;
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`);
  await work();
  for (const { definition } of indexes) await sql.unsafe(definition);
}

export interface Seller {
  userId: string;
  /** Our id of the shop. */
  shopId: string;
  /** TikTok's id of the shop. */
  shop: string;
}

/** A seller with the largest plan, one shop and orders of this month. */
export async function addSeller(
  sql: postgres.Sql,
  name: string,
  orders: number,
): Promise<Seller> {
  const userId = crypto.randomUUID();
  const shop = String(7_490_000_000_000_000_000n + BigInt(orders));
  await sql`insert into auth.users (id, email) values (${userId}, ${`${name}@example.com`})`;
  await sql`
    insert into public.subscriptions
      (user_id, stripe_customer_id, stripe_customer_id_hash, plan_name, status)
    values (${userId}, ${TOKEN}, ${name}, 'scale', 'active')`;
  const [row] = await sql`
    with login as (
      insert into private.tiktok_logins (user_id, open_id) values (${userId}, 'o'))
    insert into public.tiktok_shops (user_id, shop_id, shop_cipher, open_id, access_token,
      refresh_token, token_expires_at, refresh_token_expires_at)
    values (${userId}, ${shop}, 'c', 'o', ${TOKEN}, ${TOKEN}, now() + interval '6 days',
      now() + interval '1 year') returning id`;
  await withoutTriggers(sql, async (transaction) => {
    await transaction`
      insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency,
        total_amount, shipping_address, address_status, order_items, tiktok_updated_at)
      select ${userId}, ${row?.id}, n::text, 'AWAITING_SHIPMENT', 'USD', 10, '{}', 'none', '[]', now()
      from generate_series(1, ${orders}) as n`;
    await transaction`
      insert into private.monthly_order_counts (user_id, month, orders)
      values (${userId}, private.current_month(), ${orders})`;
  });
  return { userId, shopId: row?.id, shop };
}
