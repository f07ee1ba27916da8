/** `bench rows`: what a seller reads under row level security, against the same statement without it. */
import type postgres from "postgres";
import { startBenchDatabase, TOKEN, withoutIndexes, withoutTriggers } from "../measure/database.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, measureInTurn, median } from "../measure/rounds.ts";

const SELLERS = 10_000;
const ORDERS_A_SELLER = 100;
const ROUNDS = 9;
const READS_A_ROUND = 100;
/** A read may cost so many microseconds more than without row level security, whatever its ratio. */
const MORE_US = 30;

/** Reads of a seller; `$owner` is the condition that row level security adds. */
const READS: Record<string, string> = {
  "the newest 50 orders": `
    select id, order_status, total_amount from public.orders
    where $owner order by created_at desc limit 50`,
  "the newest 50 shipments": `
    select id, order_id, status, tracking_number from public.shipments
    where $owner order by created_at desc limit 50`,
  "one order with its shipments": `
    select orders.id, (
      select jsonb_agg(jsonb_build_object('id', shipments.id, 'status', shipments.status))
      from public.shipments where shipments.order_id = orders.id and $owner
    )
    from public.orders
    where orders.id = md5('order 1 of 7')::uuid and $owner`,
};

async function fill(sql: postgres.Sql): Promise<void> {
  await withoutTriggers(sql, async (transaction) => {
    await transaction`
      insert into public.users (id, email)
      select md5('user ' || n)::uuid, 'seller-' || n || '@example.com' from generate_series(1, ${SELLERS}) as n`;
    await transaction`
      insert into public.tiktok_shops (id, user_id, shop_id, shop_cipher, open_id, access_token, refresh_token,
        token_expires_at, refresh_token_expires_at)
      select md5('shop ' || n)::uuid, md5('user ' || n)::uuid, n::text, 'c', 'o', ${TOKEN}, ${TOKEN}, now(), now()
      from generate_series(1, ${SELLERS}) as n`;
    await transaction`
      insert into public.orders (id, user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency,
        total_amount, shipping_address, address_status, order_items, tiktok_updated_at, created_at)
      select md5('order ' || place || ' of ' || n)::uuid, md5('user ' || n)::uuid, md5('shop ' || n)::uuid,
        place || '-' || n, 'AWAITING_SHIPMENT', 'USD', 10, '{}', 'none', '[]', now(), now() - place * interval '1 hour'
      from generate_series(1, ${ORDERS_A_SELLER}) as place, generate_series(1, ${SELLERS}) as n`;
    await transaction`
      insert into public.shipments (order_id, user_id, carrier, service_type, created_at)
      select id, user_id, 'USPS', 'Ground', created_at from public.orders`;
  });
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await withoutIndexes(sql, ["public.orders", "public.shipments"], () => fill(sql));
  await sql`vacuum analyze`;
  const [row] = await sql`select md5('user 7')::uuid as id`;
  const owner = String(row?.id);
  const claims = JSON.stringify({ sub: owner, role: "authenticated" });
  const comparisons: Comparison[] = [];
  for (const [what, statement] of Object.entries(READS)) {
    const read = (role: string, condition: string) => () =>
      sql.begin(async (transaction) => {
        await transaction.unsafe(`set local role ${role}`);
        await transaction`
          select set_config('request.jwt.claims', ${claims}, true),
            set_config('request.jwt.claim.sub', ${owner}, true)`;
        const text = statement.replaceAll("$owner", condition);
        for (let n = 0; n < READS_A_ROUND; n++) {
          const rows = await transaction.unsafe(text, [], { prepare: true });
          if (rows.length === 0) throw new Error(`${what}: nothing was found.`);
        }
      });
    const times = await measureInTurn(ROUNDS, {
      secured: read("authenticated", "true"),
      plain: read("none", "user_id = (select auth.uid())"),
    });
    const us = (rounds: number[]) => Math.round(median(rounds) / READS_A_ROUND * 1000);
    const more = us(times.secured) - us(times.plain);
    comparisons.push({
      what,
      against: "the same for the owner's rows without row level security",
      ...compareRounds(times.secured, times.plain),
      target: { bound: "at most", value: 1.3 },
      isMetOtherwise: more <= MORE_US,
      figures: `${us(times.secured)} us : ${us(times.plain)} us, ${more} us more`,
    });
  }
  return comparisons;
}

export const rowSecurityLine: Line = {
  name: "rows",
  title: "Row level security costs a seller's reads next to nothing, with 1,000,000 orders",
  measure,
};
