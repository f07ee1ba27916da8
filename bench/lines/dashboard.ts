/** `bench dashboard`: a seller's figures against one row by its key, and what keeping them adds to an order. */
import type postgres from "postgres";
import {
  type BenchDatabase,
  startBenchDatabase,
  withoutIndexes,
  withoutTriggers,
} from "../measure/database.ts";
import { ingest, ingestBatch, receiveOrders } from "../measure/ingest.ts";
import type { Comparison, Line } from "../measure/line.ts";
import {
  compareRounds,
  type Measured,
  measureWithCpu,
  median,
  sampleInTurn,
} from "../measure/rounds.ts";
import { addSellers } from "../measure/sellers.ts";

const SELLERS = 1_000;
const PAST_ORDERS = 1_000_000;
const READ_ROUNDS = 9;
const READS_A_ROUND = 300;
const UPKEEP_ROUNDS = 15;
const ORDERS_A_ROUND = 60;
const CALLS_A_ROUND = 400;
const BATCH = 50;
const BATCHES = 3;

/** Orders in two currencies, and a label for each hundredth. */
async function fill(sql: postgres.Sql): Promise<void> {
  await withoutTriggers(sql, async (transaction) => {
    await transaction`
      insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status,
        payment_status, currency, total_amount, shipping_address, address_status, order_items,
        tiktok_updated_at, created_at)
      select user_id, shop_id, 'past ' || i, 'COMPLETED', 'completed', 'paid',
        case i % 7 when 0 then 'GBP' else 'USD' end, 10, '{}', 'none', '[]', now(),
        now() - i % 90 * interval '1 day'
      from generate_series(1, ${PAST_ORDERS}::integer) as i
      join requested.sellers on n = 1 + i % ${SELLERS}::integer`;
    await transaction`
      insert into public.shipments (order_id, user_id, carrier, service_type, shipping_cost, currency, status)
      select id, user_id, 'USPS', 'Ground', 5, 'USD', 'purchased' from public.orders
      where tiktok_order_id like '%7_'`;
  });
}

async function compareReads({ sql, cpuMs }: BenchDatabase): Promise<Comparison> {
  const [row] = await sql`select user_id from requested.sellers where n = 7`;
  const owner = String(row?.user_id);
  const claims = JSON.stringify({ sub: owner, role: "authenticated" });
  const read = (statement: string, values: string[]) => () =>
    sql.begin(async (transaction) => {
      await transaction`set local role authenticated`;
      await transaction`
        select set_config('request.jwt.claims', ${claims}, true),
          set_config('request.jwt.claim.sub', ${owner}, true)`;
      for (let n = 0; n < READS_A_ROUND; n++) {
        const [found] = await transaction.unsafe(statement, values, { prepare: true });
        if (!found) throw new Error("Nothing was found.");
      }
    });
  const { figures, byKey } = await measureWithCpu(READ_ROUNDS, cpuMs, {
    figures: read("select public.get_dashboard_metrics()", []),
    byKey: read(
      "select id, email, display_name, subscription_tier, subscription_status from public.users where id = $1",
      [owner],
    ),
  });
  const us = (rounds: number[]) => Math.round(median(rounds) / READS_A_ROUND * 1000);
  return {
    what: "get_dashboard_metrics, 1,000,000 orders",
    against: "the seller's own row by its primary key",
    ...compareRounds(figures.times, byKey.times),
    target: { bound: "at most", value: 4 },
    figures: `${us(figures.times)} : ${us(byKey.times)} us, CPU of Postgres ` +
      `${us(figures.cpu)} : ${us(byKey.cpu)} us, ratio ` +
      compareRounds(figures.cpu, byKey.cpu).ratio.toPrecision(2),
  };
}

/** The least that keeping a sum takes: one update of a row by its key, in a function. */
const BARE_UPDATE = `
  create function requested.count_order(p_order public.orders) returns void
  language plpgsql security invoker set search_path = '' as $$
  begin
    update private.order_totals set orders = orders + 1
    where user_id = p_order.user_id and currency = p_order.currency;
  end;
  $$`;

/** What an order adds to the totals: a statement that calls the function, less one that only reads the order. */
async function compareUpkeep({ sql, cpuMs }: BenchDatabase): Promise<Comparison[]> {
  await sql.unsafe(BARE_UPDATE);
  const orders = await receiveOrders(sql, ORDERS_A_ROUND * (UPKEEP_ROUNDS + 1), SELLERS);
  const waiting = orders.values();
  const stored = await sql`
    select id from public.orders where tiktok_order_id like 'past %' limit ${CALLS_A_ROUND}`;
  const call = (name: string) => async () => {
    for (const { id } of stored) {
      await sql.unsafe(`select ${name}(orders) from public.orders where id = $1`, [id], {
        prepare: true,
      });
    }
  };
  const { ingested, kept, bare, nothing } = await measureWithCpu(UPKEEP_ROUNDS, cpuMs, {
    ingested: async () => {
      for (const order of waiting.take(ORDERS_A_ROUND)) await ingest(sql, order);
    },
    kept: call("private.add_order_totals"),
    bare: call("requested.count_order"),
    nothing: call("pg_catalog.num_nonnulls"),
  });
  const order = ingested.cpu.map((ms) => ms / ORDERS_A_ROUND);
  const us = (values: number[]) => Math.round(median(values) * 1000);
  const compare = (what: string, { cpu }: Measured): Comparison => {
    const more = cpu.map((ms, round) => (ms - (nothing.cpu[round] ?? NaN)) / CALLS_A_ROUND);
    return {
      what,
      against: "all of ingest_order, CPU of Postgres",
      ...compareRounds(more, order),
      figures: `${us(more)} : ${us(order)} us`,
    };
  };
  return [
    {
      ...compare("keeping the totals of a new order", kept),
      target: { bound: "at most", value: 0.03 },
    },
    // No way to keep a sum is cheaper than this one.
    compare("an update of one column of one row by its key", bare),
  ];
}

/** Replaces what keeps the totals of a batch, and puts it back. */
async function prepareSwitch(sql: postgres.Sql): Promise<(isOn: boolean) => Promise<void>> {
  const kept = "private.add_batch_totals(private.order_totals[])";
  const [row] = await sql`select pg_get_functiondef(${kept}::regprocedure) as definition`;
  const definition = String(row?.definition);
  const without = definition.replace(
    /AS \$function\$[^]*\$function\$/,
    () => "AS $function$ begin end; $function$",
  );
  return async (isOn) => void await sql.unsafe(isOn ? definition : without);
}

async function compareBatches({ sql, cpuMs }: BenchDatabase): Promise<Comparison> {
  const turn = await prepareSwitch(sql);
  const side = (isOn: boolean) => async () => {
    await turn(isOn);
    const orders = await receiveOrders(sql, BATCH * (BATCHES + 1), 1);
    // The first prepares the plans of the function that was replaced.
    await ingestBatch(sql, orders.slice(0, BATCH));
    const before = await cpuMs();
    for (let at = BATCH; at < orders.length; at += BATCH) {
      await ingestBatch(sql, orders.slice(at, at + BATCH));
    }
    return await cpuMs() - before;
  };
  const { kept, without } = await sampleInTurn(UPKEEP_ROUNDS, {
    kept: side(true),
    without: side(false),
  });
  await turn(true);
  const ms = (rounds: number[]) => (median(rounds) / BATCH / BATCHES).toFixed(3);
  return {
    what: "ingest_orders with the totals, 50 at once",
    against: "the same with totals that stay as they are",
    ...compareRounds(kept, without),
    target: { bound: "at most", value: 1.03 },
    figures: `CPU of Postgres ${ms(kept)} : ${ms(without)} ms an order`,
  };
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, SELLERS);
  await withoutIndexes(sql, ["public.orders", "public.shipments"], () => fill(sql));
  await sql`delete from private.order_totals`;
  await sql`
    insert into private.order_totals
    select user_id, currency, orders, amount, private.current_month(), month_orders, month_amount, paid_orders,
      gross, refunded, last_order_at
    from private.counted_order_totals`;
  await sql`insert into private.label_totals select * from private.counted_label_totals`;
  await sql`vacuum analyze`;
  const reads = await compareReads(database);
  const one = await compareUpkeep(database);
  const batch = await compareBatches(database);
  const startedAt = performance.now();
  await sql`select public.refresh_dashboard_metrics()`;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  return [
    { ...reads, figures: `${reads.figures}; the hourly comparison ${seconds} s` },
    ...one,
    batch,
  ];
}

export const dashboardLine: Line = {
  name: "dashboard",
  title: "A seller's figures cost little more than a row, and keeping them next to nothing",
  measure,
};
