/** `deno task events`, without a terminal. */
import assert from "node:assert/strict";
import { userInfo } from "node:os";
import postgres from "postgres";
import type { EventSummary } from "../../local/inbox/report.ts";
import {
  type ConnectedSeller,
  connectSeller,
  countedOrders,
  giveUpOrder,
  refuseOrders,
  runEventWorker,
} from "../support/shop.ts";
import { listOrderIds } from "../support/orders.ts";
import { callCommand } from "../support/run_command.ts";
import { borrowStack, test, testOnOneStack } from "../support/shared_stack.ts";
import { createTestDatabase, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const events = (...args: string[]) => callCommand("events", args);

async function succeeds(...args: string[]): Promise<string> {
  const { code, text } = await events(...args);
  assert.equal(code, 0, text);
  return text;
}

async function rowsOf(stack: TestStack): Promise<unknown> {
  return [
    ...await stack.sql`select * from private.webhook_events order by id`,
    ...await stack.sql`select * from public.system_logs order by id`,
  ];
}

async function deadInHealth(stack: TestStack): Promise<string> {
  const [row] = await stack.sql`
    select value || ' ' || status as dead from public.check_database_health()
    where metric = 'events_dead'`;
  return row?.dead;
}

interface DeadEvents {
  stack: TestStack;
  seller: ConnectedSeller;
  /** Order ids, and the ids of their dead events. */
  orders: [string, string, string];
  ids: [string, string, string];
  /** Two ways to name the database. */
  here: string[];
  there: string[];
}

/** Three dead events of one seller. */
async function makeDeadEvents(stack: TestStack): Promise<DeadEvents> {
  const seller = await connectSeller(stack);
  const orders: DeadEvents["orders"] = [
    await giveUpOrder(stack, seller),
    await giveUpOrder(stack, seller),
    await giveUpOrder(stack, seller),
  ];
  const rows = await stack.sql`select id from private.webhook_events order by id`;
  const ids = rows.map((row) => String(row.id)) as DeadEvents["ids"];
  assert.equal(await deadInHealth(stack), "3 warning");
  return {
    stack,
    seller,
    orders,
    ids,
    here: ["--data", stack.data],
    there: ["--db-url", stack.env.SUPABASE_DB_URL],
  };
}

let dead: DeadEvents;

const step = testOnOneStack("events list and events show", async () => {
  const stack = await borrowStack();
  dead = await makeDeadEvents(stack);
  return stack;
});

step("events lists and filters dead events, without secrets, and changes nothing", async () => {
  const { stack, seller, orders, ids, here, there } = dead;
  const before = await rowsOf(stack);
  const [counts, list, filtered, none, json] = await Promise.all([
    succeeds(...here),
    succeeds("list", "--limit", "2", ...there),
    succeeds(
      ...["list", "--status", "dead", "--source", "tiktok", "--type", "ORDER_STATUS_CHANGE"],
      ...["--shop", seller.shopId, "--object", orders[0], "--error", "tiktok 105005"],
      ...["--since", "1h", "--until", "2100-01-01", ...here],
    ),
    succeeds("list", "--until", "1h", ...here),
    succeeds("list", "--json", "--before", ids[2], "--limit", "1", ...here),
  ]);
  assert.match(
    counts,
    /^status +events +oldest +age +source +type\ndead +3 +\S+Z +\d+s +tiktok +ORDER_STATUS_CHANGE\n$/,
  );
  const listed = [...list.matchAll(/^ *(\d+) +dead +10 /gm)].map((match) => match[1]);
  assert.deepEqual(listed, [ids[2], ids[1]]);
  const about = `shop ${seller.shopId}, object ${orders[2]}\\n +.*TikTok 105005`;
  assert.match(list, new RegExp(about));
  assert.match(list, new RegExp(`\nThere are more: --before ${ids[1]}\n$`));
  assert.match(filtered, new RegExp(`object ${orders[0]}`));
  assert.doesNotMatch(filtered, new RegExp(`object ${orders[1]}|There are more`));
  assert.equal(none, "No event.\n");
  const page = JSON.parse(json);
  assert.deepEqual(page.events.map((event: EventSummary) => String(event.event_id)), [ids[1]]);
  assert.equal(String(page.next_before), ids[1]);
  refuseSecrets(stack, [counts, list, filtered]);
  assert.deepEqual(await rowsOf(stack), before, "reading changes nothing");
});

function refuseSecrets({ env }: TestStack, texts: string[]): void {
  for (const secret of [new URL(env.SUPABASE_DB_URL).password, env.SUPABASE_SECRET_KEY]) {
    for (const text of texts) assert.ok(!text.includes(secret));
  }
}

step("events show prints one event, its body only with --body", async () => {
  const { stack, ids, here, there } = dead;
  const [one, withBody] = await Promise.all([
    succeeds("show", ids[0], ...here),
    succeeds("show", ids[0], "--body", "--json", ...there),
  ]);
  assert.match(one, /^status +dead\nreason +attempts_exhausted\nlast error +.*TikTok 105005/m);
  assert.doesNotMatch(one, /tts_notification_id/);
  assert.match(JSON.parse(withBody).body, /tts_notification_id/);
  const reads = await stack.sql`select reader, what, object_ids from private.personal_data_reads`;
  const reader = userInfo().username;
  const [id = ""] = ids;
  assert.deepEqual([...reads], [{ reader, what: "event_body", object_ids: [id] }], "who read it");
  refuseSecrets(stack, [one, withBody]);
});

test("events replay of one event makes it due once; the worker then stores its order", async (stack) => {
  const dead = await makeDeadEvents(stack);
  const { seller, orders, ids, here, there } = dead;
  refuseOrders(stack, seller.shopId, false);
  assert.match(await succeeds("replay", ids[1], ...here), /was dead and is due now/);
  assert.match(await succeeds("replay", ids[1], ...there), /is pending: .* stays as it is/);
  assert.equal(await deadInHealth(stack), "2 warning");
  assert.deepEqual((await runEventWorker(stack)).events, { inserted: 1 });
  assert.deepEqual(await listOrderIds(seller), [orders[1]]);
  assert.deepEqual(await replayLog(stack), [
    { event_id: Number(ids[1]), status_before: "dead", count: 1 },
    { event_id: Number(ids[1]), status_before: "pending", count: 0 },
  ]);
});

async function replayLog(stack: TestStack): Promise<unknown[]> {
  const rows = await stack.sql`
    select details from public.system_logs where event_type = 'events_replayed' order by id`;
  return rows.map((row) => row.details);
}

test("events replay of a filter needs confirmation, takes the oldest, and doubles nothing", async (stack) => {
  const dead = await makeDeadEvents(stack);
  const { seller, orders, here, there } = dead;
  const before = await rowsOf(stack);
  const unconfirmed = await events("replay", "--status", "dead", ...here);
  assert.equal(unconfirmed.code, 1);
  assert.match(unconfirmed.text, /: 3 events \(3 dead\)\.\nRefused: .*--yes/);
  assert.deepEqual(await rowsOf(stack), before);

  refuseOrders(stack, seller.shopId, false);
  const partly = await succeeds("replay", "--status", "dead", "--limit", "2", "--yes", ...there);
  assert.match(partly, /the oldest 2 of 3 events \(3 dead\)/);
  assert.match(partly, /Replayed 2 events\..*\n1 event of the filter remain/);
  assert.deepEqual((await runEventWorker(stack)).events, { inserted: 2 });
  assert.deepEqual(await listOrderIds(seller), [orders[0], orders[1]].sort());

  // Without a status, done events are replayed too: nothing happens twice.
  const all = await succeeds("replay", "--shop", seller.shopId, "--yes", ...here);
  assert.match(all, /3 events \(1 dead, 2 done\)[^]*Replayed 3 events/);
  assert.deepEqual((await runEventWorker(stack)).events, { inserted: 1, updated: 2 });
  assert.deepEqual(await listOrderIds(seller), [...orders].sort());
  assert.equal(await countedOrders(stack, seller.id), 3);
  assert.equal(await deadInHealth(stack), "0 healthy");
  assert.match(
    await succeeds("replay", "--status", "dead", "--yes", ...here),
    /^Nothing to replay in the database .*\n$/,
  );
  assert.deepEqual(await replayLog(stack), [
    { filter: { status: "dead" }, count: 2 },
    { filter: { shop_id: seller.shopId }, count: 3 },
  ]);
});

test("the secret key may list and replay through the API, a seller may not", async (stack) => {
  const seller = await connectSeller(stack);
  const call = async (name: string, body: unknown, headers: Record<string, string>) => {
    const response = await fetch(`${stack.env.SUPABASE_URL}/rest/v1/rpc/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  const backend = { apikey: stack.env.SUPABASE_SECRET_KEY };
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, body, status, reason)
    values ('tiktok', '1', 'TYPE_999', '{"type":999}', 'dead', 'x')`;
  const sellers = {
    apikey: stack.env.SUPABASE_PUBLISHABLE_KEY,
    authorization: `Bearer ${seller.accessToken}`,
  };
  const filter = { p_filter: { status: "dead" } };
  const refused = await call("replay_webhook_events", filter, sellers);
  assert.deepEqual([refused.status, refused.body.code], [403, "42501"]);

  const listed = await call("list_webhook_events", filter, backend);
  assert.equal(listed.status, 200);
  assert.deepEqual(listed.body.events.map((event: EventSummary) => event.status), ["dead"]);
  const wrong = await call("list_webhook_events", { p_filter: { state: "dead" } }, backend);
  assert.equal(wrong.status, 400);
  assert.match(wrong.body.message, /Unknown filter "state"/);
  assert.equal((await call("show_webhook_event", { p_event_id: 0 }, backend)).status, 404);
  const counts = await call("count_webhook_events", {}, backend);
  assert.equal(counts.body[0].events, 1);
  const replayed = await call("replay_webhook_events", filter, backend);
  assert.deepEqual(replayed.body, { replayed: 1, remaining: 0 });
});

Deno.test("a replay of many skips an event that a worker holds, and a replay of one waits for it", async () => {
  const database = await createTestDatabase();
  // A lock that is never released fails the test.
  const connection = { lock_timeout: 5000 };
  const sql = postgres(database.url, { max: 3, onnotice: () => {}, connection });
  try {
    await sql`
      insert into private.webhook_events (source, external_id, event_type, body, status, reason)
      select 'tiktok', n::text, 'TYPE_999', '{}', 'held', 'order_limit' from generate_series(1, 3) as n`;
    const [first] = await sql`select min(id) as id from private.webhook_events`;
    let single: Promise<postgres.RowList<postgres.Row[]>> | undefined;
    await sql.begin(async (worker) => {
      await worker`
        update private.webhook_events set status = 'dead', reason = 'x' where id = ${first?.id}`;
      const [many] = await sql`
        select public.replay_webhook_events('{"status": "held"}') as outcome`;
      assert.deepEqual(many?.outcome, { replayed: 2, remaining: 1 });
      single = sql`select public.replay_webhook_event(${first?.id}) as outcome`.execute();
      await until("the replay of one waits for the worker", async () => {
        const waiting = await sql`
          select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'
            and query like '%replay_webhook_event(%'`;
        return waiting.length > 0;
      });
    });
    const [one] = await single ?? [];
    assert.equal(one?.outcome.status_before, "dead");
    assert.equal(one?.outcome.replayed, true);
  } finally {
    await sql.end();
    await database.drop();
  }
});

test("wrong arguments are refused with a clear message, and nothing is changed", async (stack) => {
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, body, status, reason)
    values ('tiktok', '1', 'TYPE_999', '{}', 'dead', 'x')`;
  const before = await rowsOf(stack);
  const here = ["--data", stack.data];
  const wrong: [number, RegExp, string[]][] = [
    [2, /--nonsense/, ["list", "--nonsense", ...here]],
    [2, /^--status takes one of pending, .*, dead\.\n/, ["list", "--status", "lost", ...here]],
    [2, /^--source takes one of tiktok, .*\.\n/, [
      "replay",
      "--type",
      "x",
      "--source",
      "ebay",
      ...here,
    ]],
    [1, /Unknown webhook event 99/, ["show", "99", ...here]],
    [1, /Unknown webhook event 99/, ["replay", "99", ...here]],
    [1, /npx -y deno@2\.9\.5 task start/, ["--data", `${stack.data}/none`]],
    [2, /--db-url takes an address like/, ["--db-url", "mysql://root:secret@localhost/x"]],
    [1, /task migration:up/, [
      "--db-url",
      stack.env.SUPABASE_DB_URL.replace(/\/[^/]*$/, "/template1"),
    ]],
  ];
  await Promise.all(wrong.map(async ([code, message, args]) => {
    const result = await events(...args);
    assert.match(result.text, message);
    assert.equal(result.code, code, result.text);
    assert.ok(!result.text.includes("secret"));
  }));
  assert.match(await succeeds("--help"), /deno@2\.9\.5 task events list/);
  assert.deepEqual(await rowsOf(stack), before);
});
