/** `rehearse partitions`: tables by month, on copies: the keys in the way, the cost, and how a month is dropped. */
import type postgres from "postgres";
import { startBenchDatabase } from "../measure/database.ts";
import { compareRounds, measureInTurn, median } from "../measure/rounds.ts";
import { addSellers } from "../measure/sellers.ts";
import { createPartitioned, createPlain, MONTHS, type Table } from "./partitioned_table.ts";
import type { Finding, Rehearsal } from "./rehearsal.ts";

const SELLERS = 100;
const ROWS_A_MONTH = 5_000;
const ROUNDS = 5;
const ROWS_A_ROUND = 1000;

/** `$row` is the number of a row, `$seller` its seller's, `$time` its time. */
interface Filled extends Table {
  columns: string;
  values: string;
  /** How a seller, or the worker, reads it. */
  read: string;
}

const TABLES: Filled[] = [{
  name: "public.orders",
  time: "created_at",
  columns:
    `created_at, user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency, total_amount,
    shipping_address, address_status, order_items, tiktok_updated_at`,
  values:
    `$time, md5('user ' || $seller)::uuid, md5('shop ' || $seller)::uuid, $row::text, 'COMPLETED', 'USD', 10,
    '{}', 'none', '[]', $time`,
  read: "where user_id = md5('user 7')::uuid order by created_at desc limit 50",
}, {
  name: "public.order_events",
  time: "created_at",
  columns: "created_at, order_id, user_id, event_type, happened_at",
  values:
    "$time, md5('order ' || $row)::uuid, md5('user ' || $seller)::uuid, 'ORDER_STATUS_CHANGE', $time",
  read: "where user_id = md5('user 7')::uuid order by created_at desc limit 50",
}, {
  name: "public.analytics_events",
  time: "timestamp",
  columns: "timestamp, user_id, event_type",
  values: "$time, md5('user ' || $seller)::uuid, 'order_received'",
  read: "where user_id = md5('user 7')::uuid order by timestamp desc limit 50",
}];

function insertText({ columns, values }: Filled, into: string, from: number, to: number): string {
  const time =
    `date_trunc('month', now()) - ($month || ' months')::interval + abs($row) * interval '1 ms'`;
  const month = from < 0 ? "0" : `($row / ${ROWS_A_MONTH})`;
  const row = values.replaceAll("$time", `(${time})`).replaceAll("$month", month)
    .replaceAll("$seller", `(1 + n % ${SELLERS})`).replaceAll("$row", "n");
  return `insert into ${into} (${columns}) select ${row} from generate_series(${from}, ${to}) as n`;
}

/** Milliseconds and write-ahead log of a statement. */
async function measureOnce(sql: postgres.Sql, statement: string): Promise<string> {
  const position = async () => {
    const [row] = await sql`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes`;
    return Number(row?.bytes);
  };
  const [before, startedAt] = [await position(), performance.now()];
  await sql.unsafe(statement).simple();
  const ms = performance.now() - startedAt;
  return `${ms.toFixed(0)} ms, ${((await position() - before) / 1000).toFixed(0)} kB of WAL`;
}

interface PlanNode {
  "Relation Name"?: string;
  "Actual Loops": number;
  Plans?: PlanNode[];
}

/** Tables that a plan has looked at. */
function tablesOf(node: PlanNode): string[] {
  const own = node["Actual Loops"] > 0 ? [node["Relation Name"] ?? []].flat() : [];
  return [...own, ...(node.Plans ?? []).flatMap(tablesOf)];
}

/** Parts that a read looks at. @throws {Error} if it looks at all of them */
async function partsRead(sql: postgres.Sql, { name, read }: Filled, copy: string): Promise<number> {
  const [row] = await sql.unsafe(`explain (analyze, format json) select * from ${copy} ${read}`);
  const count = new Set(tablesOf(row?.["QUERY PLAN"][0].Plan)).size;
  if (count === 0 || count >= MONTHS) throw new Error(`${name}: ${count} parts are read.`);
  return count;
}

async function rehearse(sql: postgres.Sql, table: Filled): Promise<Finding[]> {
  const { copy, keys, lost } = await createPartitioned(sql, table);
  const plain = await createPlain(sql, table);
  for (const into of [copy, plain]) {
    await sql.unsafe(insertText(table, into, 0, MONTHS * ROWS_A_MONTH - 1));
  }
  for (const filled of [copy, plain]) await sql.unsafe(`vacuum analyze ${filled}`);

  // A row under a key that is stored in another month is not stored again.
  const [before] = await sql.unsafe(`select count(*)::integer as rows from ${copy}`);
  if (keys.length > 0) {
    await sql.unsafe(insertText(table, copy, 0, 99).replaceAll("(n / ", "(1 + n / "));
    const [after] = await sql.unsafe(`select count(*)::integer as rows from ${copy}`);
    if (after?.rows !== before?.rows) throw new Error(`${table.name}: a key was stored twice.`);
  }

  let next = 0;
  const insert = (into: string) => async () => {
    next += ROWS_A_ROUND;
    await sql.unsafe(insertText(table, into, -next, -next + ROWS_A_ROUND - 1));
  };
  const read = (from: string) => async () => {
    for (let n = 0; n < 50; n++) {
      await sql.unsafe(`select * from ${from} ${table.read}`, [], { prepare: true });
    }
  };
  const inserts = await measureInTurn(ROUNDS, { parted: insert(copy), plain: insert(plain) });
  const reads = await measureInTurn(ROUNDS, { parted: read(copy), plain: read(plain) });
  const oldest = `${copy}_m${MONTHS - 1}`;
  const months = MONTHS - 1;
  const compare = (rounds: typeof inserts) => {
    const { ratio, spread } = compareRounds(rounds.parted, rounds.plain);
    return `${ratio.toFixed(2)} [${spread.map((value) => value.toFixed(2)).join(", ")}], ` +
      `${median(rounds.parted).toFixed(1)} : ${median(rounds.plain).toFixed(1)} ms`;
  };
  const figures: Record<string, string> = {
    "keys that move to a table of their own": keys.join("; ") || "none",
    "foreign keys that end at it": lost.join(", ") || "none",
    "1,000 inserts, against one table": compare(inserts),
    "50 reads of the newest 50, against one table": compare(reads),
    "parts that this read looks at": `${await partsRead(sql, table, copy)} of ${MONTHS}`,
    "a month dropped": await measureOnce(
      sql,
      `alter table ${copy} detach partition ${oldest}; drop table ${oldest}`,
    ),
    "the same month deleted from one table": await measureOnce(
      sql,
      `delete from ${plain} where ${table.time} < date_trunc('month', now()) - interval '${
        months - 1
      } months'`,
    ),
  };
  return Object.entries(figures).map(([what, figure]) => ({
    what: `${table.name}: ${what}`,
    figure,
  }));
}

async function run(): Promise<Finding[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, SELLERS);
  await sql`create schema rehearsal`;
  const findings: Finding[] = [];
  for (const table of TABLES) findings.push(...await rehearse(sql, table));
  return findings;
}

export const partitionsRehearsal: Rehearsal = {
  name: "partitions",
  title: "Orders, timeline and statistics by month, on copies of their tables",
  run,
};
