/** Two databases to attack: one with the schema as it was requested, one with ours. */
import postgres from "postgres";
import { accessTo, bootstrap } from "../../local/supabase/bootstrap.ts";
import { createTestDatabase, type TestDatabase } from "./stack.ts";

export interface Seller {
  id: string;
  /** The id of their shop's row. */
  shop: string;
}

/** Outcome of a statement: its rows, or its error. */
export interface Outcome {
  rows: Record<string, unknown>[];
  /** Rows written or read. */
  count: number;
  code?: string;
  message?: string;
}

export type Actor = "anon" | "service_role" | Seller;

export interface Target extends TestDatabase {
  /** As the superuser, to prepare rows and to check them. */
  sql: postgres.Sql;
  addSeller(): Promise<Seller>;
  /** Stores an order as the backend of that schema does. */
  takeOrder(sql: postgres.ISql, seller: Seller, tiktokOrderId?: string): Promise<void>;
  /** Runs statements as this actor, in one transaction that is committed. */
  attempt(actor: Actor, ...statements: string[]): Promise<Outcome>;
  /** All rows of a seller, to check that nothing changed. */
  belongings(seller: Seller): Promise<unknown>;
}

const REQUESTED = new URL("../fixtures/requested_schema.sql", import.meta.url);

/** Default privileges of an older Supabase project, which the requested schema relies on. */
const OLDER_DEFAULTS = `
  alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
  alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
  create publication supabase_realtime;`;

/** Has the form of an encrypted text. */
export const CIPHERTEXT = `v1.test.${"i".repeat(16)}.${"c".repeat(32)}`;

let numbers = 0;

/** A number that no other row has. */
export function nextNumber(): string {
  return String(7_000_000 + ++numbers);
}

async function become(sql: postgres.TransactionSql, actor: Actor): Promise<void> {
  const role = typeof actor === "string" ? actor : "authenticated";
  const sub = typeof actor === "string" ? "" : actor.id;
  await sql`
    select set_config('request.jwt.claim.sub', ${sub}, true),
      set_config('request.jwt.claims', ${JSON.stringify({ sub, role })}, true),
      set_config('role', ${role}, true)`;
}

async function attempt(sql: postgres.Sql, actor: Actor, statements: string[]): Promise<Outcome> {
  try {
    return await sql.begin(async (transaction) => {
      await become(transaction, actor);
      let last: postgres.RowList<postgres.Row[]> | undefined;
      for (const statement of statements) last = await transaction.unsafe(statement);
      return { rows: [...last ?? []], count: last?.count ?? 0 };
    });
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    return { rows: [], count: 0, code: error.code, message: error.message };
  }
}

async function belongings(sql: postgres.Sql, { id }: Seller): Promise<unknown> {
  const [row] = await sql`
    select
      (select jsonb_agg(users) from public.users where users.id = ${id}) as users,
      (select jsonb_agg(s order by s.id) from public.subscriptions as s where user_id = ${id}) as subscriptions,
      (select jsonb_agg(s order by s.id) from public.tiktok_shops as s where user_id = ${id}) as shops,
      (select jsonb_agg(o order by o.id) from public.orders as o where user_id = ${id}) as orders,
      (select jsonb_agg(e order by e.id) from public.analytics_events as e where user_id = ${id}) as events,
      (
        select jsonb_agg(s order by s.id) from public.shipments as s
        where order_id in (select o.id from public.orders as o where user_id = ${id})
      ) as shipments`;
  return row;
}

function target(
  database: TestDatabase,
  own: Pick<Target, "takeOrder"> & { addSeller(sql: postgres.Sql): Promise<Seller> },
): Target {
  // Connections outlive the test that opened them: without a lifetime they leave it no timer.
  const sql = postgres(database.url, { max: 12, max_lifetime: null, onnotice: () => {} });
  const drop = async () => {
    await sql.end();
    await database.drop();
  };
  return {
    url: database.url,
    sql,
    addSeller: () => own.addSeller(sql),
    takeOrder: own.takeOrder,
    attempt: (actor, ...statements) => attempt(sql, actor, statements),
    belongings: (seller) => belongings(sql, seller),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

async function addShop(sql: postgres.Sql, id: string, columns: Record<string, string>) {
  const [shop] = await sql`
    insert into public.tiktok_shops ${sql({ user_id: id, shop_id: nextNumber(), ...columns })}
    returning id`;
  return { id, shop: shop?.id as string };
}

/** A project with only the requested SQL. */
export async function createRequestedTarget(): Promise<Target> {
  const database = await createTestDatabase("template0");
  await bootstrap(accessTo(database.url));
  const sql = postgres(database.url, {
    max: 1,
    onnotice: () => {},
    connection: { role: "postgres" } as Record<string, string>,
  });
  try {
    await sql.unsafe(OLDER_DEFAULTS).simple();
    await sql.unsafe(await Deno.readTextFile(REQUESTED)).simple();
  } finally {
    await sql.end();
  }
  return target(database, {
    async addSeller(sql) {
      const id = crypto.randomUUID();
      await sql`insert into public.users (id, email) values (${id}, ${id + "@example.com"})`;
      return await addShop(sql, id, {
        access_token: "TTP_access",
        refresh_token: "TTR_refresh",
      });
    },
    async takeOrder(sql, { id, shop }, tiktokOrderId = nextNumber()) {
      await sql`
        insert into public.orders
          (user_id, tiktok_shop_id, tiktok_order_id, total_amount, shipping_address, order_items)
        values (${id}, ${shop}, ${tiktokOrderId}, 10, '{}', '[]')`;
    },
  });
}

/** Our migrations. */
export async function createOurTarget(): Promise<Target> {
  return target(await createTestDatabase(), {
    async addSeller(sql) {
      const id = crypto.randomUUID();
      await sql`insert into auth.users (id, email) values (${id}, ${id + "@example.com"})`;
      await sql`insert into private.tiktok_logins (user_id, open_id) values (${id}, 'open')`;
      return await addShop(sql, id, {
        shop_cipher: "cipher",
        open_id: "open",
        access_token: CIPHERTEXT,
        refresh_token: CIPHERTEXT,
        token_expires_at: "2030-01-01",
        refresh_token_expires_at: "2122-01-01",
      });
    },
    async takeOrder(sql, { shop }, tiktokOrderId = nextNumber()) {
      const order = {
        tiktok_order_id: tiktokOrderId,
        tiktok_status: "AWAITING_SHIPMENT",
        currency: "USD",
        total_amount: "10.00",
        shipping_address: {},
        address_status: "none",
        order_items: [],
        tiktok_updated_at: "2026-11-01T00:00:00Z",
      };
      await sql`
        with event as (
          select public.receive_webhook_event(
            'tiktok', ${crypto.randomUUID()}, 'ORDER_STATUS_CHANGE', null, ${tiktokOrderId}, '{}'
          ) as received
        )
        select public.ingest_order((received ->> 'event_id')::bigint, ${shop}, ${sql.json(order)})
        from event`;
    },
  });
}
