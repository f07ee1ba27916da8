/** Runs the examples of docs/labels.md, and holds its table of codes against the code. */
import assert from "node:assert/strict";
import type { SupabaseClient } from "@supabase/supabase-js";
import { labelProblem } from "../../shared/shipping/errors.ts";
import { checkExamples, loadExamples } from "../support/doc_examples.ts";
import { FROM, type OrderRow, PARCEL, receiveOrder } from "../support/labels.ts";
import { createLiveClient, FakeSocket, LIVE, receiveBroadcasts } from "../support/realtime.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const PAGE = new URL("../../docs/labels.md", import.meta.url);
const ERRORS = new URL("../../shared/shipping/errors.ts", import.meta.url);

type Row = Record<string, unknown>;

interface Labels {
  rates(request: Row): Promise<(Row & { rate_id: string; price: string })[]>;
  buy(key: string, request: Row): Promise<Row & { id: string; label_url: string }>;
  shipment(id: string): Promise<Row>;
  link(id: string): Promise<Row & { label_url: string }>;
  void(id: string): Promise<Row>;
}

/** What the page's blocks export. */
interface Examples {
  LabelProblem: new (status: number, code: string, detail: string) => Error;
  createLabels(supabase: SupabaseClient): Labels;
  buySurely<T>(
    buy: () => Promise<T>,
    wait: (seconds: number) => Promise<void>,
    attempts?: number,
  ): Promise<T>;
  listShipments(supabase: SupabaseClient, orderId: string): Promise<Row[]>;
  watchShipments(
    supabase: SupabaseClient,
    userId: string,
    onShipment: (shipment: Row) => void,
  ): Promise<unknown>;
}

const KNOWN = ["LabelProblem", "createLabels", "buySurely", "listShipments", "watchShipments"];

const { blocks, examples } = await loadExamples<Examples>(PAGE);

async function read(url: URL): Promise<string> {
  return await Deno.readTextFile(url);
}

Deno.test("every block of the labels page is known to this test, and passes the type check", async () => {
  assert.deepEqual(blocks.flat().toSorted(), KNOWN.toSorted());
  await checkExamples(PAGE);
});

Deno.test("the labels page has every code with its status, and no label code that is not there", async () => {
  const page = await read(PAGE);
  const source = await read(ERRORS);
  const tables = source.slice(
    source.indexOf("const REFUSALS"),
    source.indexOf("const RETRY_AFTER"),
  );
  const codes = [...tables.matchAll(/^ {2}(\w+):/gm)].map((found) => found[1] as string);
  assert.ok(codes.length > 30);
  const rows = [...page.matchAll(/^\| (\d{3})[\d, ]* +\| (`[^|]+`) +\|/gm)].flatMap(
    ([, status, names = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name as string, Number(status)] as const),
  );
  const documented = new Map(rows);
  assert.equal(documented.size, rows.length, "each code once");
  for (const code of codes) {
    assert.equal(documented.get(code), labelProblem(code).status, code);
  }
  const sources = (await Promise.all(["shared", "functions"].map(sourcesOf))).join();
  for (const code of documented.keys()) {
    // The function makes these of what is not found.
    const name = code.replace(/^(order|shipment|batch)_not_found$/, "_not_found");
    assert.ok(sources.includes(name), code);
  }
});

async function sourcesOf(folder: string): Promise<string> {
  const url = new URL(`../../${folder}/`, import.meta.url);
  let text = "";
  for await (const entry of Deno.readDir(url)) {
    if (entry.isDirectory) text += await sourcesOf(`${folder}/${entry.name}`);
    else if (entry.name.endsWith(".ts")) text += await read(new URL(entry.name, url));
  }
  return text;
}

Deno.test("the labels page has every state and every rank of a parcel", async () => {
  const page = await read(PAGE);
  const migration = (name: string) =>
    read(new URL(`../../supabase/migrations/${name}.sql`, import.meta.url));
  const purchases = await migration("20261123000730_label_purchases");
  const states = /label_purchases_state_check check \(([^)]+)\)/.exec(purchases)?.[1] ?? "";
  for (const [, state] of states.matchAll(/'(\w+)'/g)) {
    assert.match(page, new RegExp(`^\\| ${state} +\\|`, "m"));
  }
  const ranks = [...(await migration("20261123000740_tracking")).matchAll(
    /when '(\w+)' then (\d)$/gm,
  )];
  assert.equal(ranks.length, 9);
  for (const [, status, rank] of ranks) {
    assert.match(page, new RegExp(`^\\| ${rank} +\\| \`${status}\` `, "m"));
  }
});

async function asProblem(promise: Promise<unknown>): Promise<Row> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof examples.LabelProblem, String(error));
  return error as unknown as Row;
}

async function checkPurchase(labels: Labels, { id }: OrderRow): Promise<Row & { id: string }> {
  const request = { order_id: id, parcel: PARCEL };
  const key = crypto.randomUUID();
  const early = await asProblem(labels.buy(key, { ...request, service: "cheapest" }));
  assert.deepEqual([early.status, early.code], [422, "sender_required"]);
  const [cheapest] = await labels.rates({ ...request, from: FROM });
  assert.match(cheapest?.price ?? "", /^\d+\.\d\d$/);
  const [again] = await labels.rates(request);
  assert.equal(again?.price, cheapest?.price, "the shop's address is kept");
  const late = await labels.buy(key, { ...request, service: "cheapest" });
  assert.equal(late.state, "purchased", "the same key goes on with the address that came later");

  const other = await asProblem(labels.buy(key, { ...request, rate_id: cheapest?.rate_id }));
  assert.deepEqual([other.status, other.code], [409, "idempotency_key_reused"]);
  const twice = await asProblem(
    labels.buy(crypto.randomUUID(), { ...request, rate_id: again?.rate_id }),
  );
  assert.equal(twice.code, "already_shipped");
  assert.equal((await labels.buy(key, { ...request, service: "cheapest" })).id, late.id);
  assert.equal(late.shipping_cost, cheapest?.price);
  return late;
}

async function checkLostAnswer(
  stack: TestStack,
  labels: Labels,
  { id }: OrderRow,
): Promise<void> {
  const { faults } = stack.easypost;
  faults.add({ kind: "lost", method: "POST", path: /\/buy$/, count: 1 });
  faults.add({ kind: "html", method: "GET", path: /\/shipments\/shp_/, count: 1 });
  const waits: number[] = [];
  const request = { order_id: id, parcel: PARCEL, service: "cheapest" };
  const before = stack.easypost.accounts.labelsBought;
  const bought = await examples.buySurely(
    () => labels.buy(id, request),
    (seconds) => Promise.resolve(void waits.push(seconds)),
  );
  assert.deepEqual(waits, [120], "Retry-After");
  assert.equal(bought.state, "purchased");
  assert.equal(stack.easypost.accounts.labelsBought, before + 1);

  let calls = 0;
  const refused = asProblem(examples.buySurely(
    () => (calls++, labels.buy("key", { ...request, provider: "tiktok_shipping" })),
    () => Promise.reject(new Error("there is nothing to wait for")),
  ));
  assert.equal((await refused).code, "tiktok_label_unavailable");
  assert.equal(calls, 1);
}

Deno.test(
  "the labels page's examples requestLabel, show, list, watch and void labels",
  LIVE,
  async () => {
    await using stack = await startTestStack();
    const seller = await connectSeller(stack);
    const supabase = createLiveClient(stack, seller);
    const labels = examples.createLabels(supabase);
    const order = await receiveOrder(stack, seller, { shippingType: "SELLER" });

    const shipment = await checkPurchase(labels, order);
    await settledEvents(stack);
    const link = await labels.link(shipment.id);
    const drawn = await fetch(link.label_url);
    assert.equal(drawn.status, 200);
    assert.equal((await drawn.text()).slice(0, 5), "%PDF-");
    const [listed, ...more] = await examples.listShipments(supabase, order.id);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [listed?.id, listed?.tracking_number, listed?.shipping_cost],
      [shipment.id, shipment.tracking_number, shipment.shipping_cost],
    );
    assert.notEqual(listed?.tiktok_notified_at, null);

    stack.easypost.behaviour.refundStatus = "submitted";
    assert.equal((await labels.void(shipment.id)).state, "void_requested");
    assert.equal((await labels.shipment(shipment.id)).state, "void_requested");
    const tiktok = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
    const rates = await labels.rates({ order_id: tiktok.id, parcel: PARCEL });
    const theirs = await labels.buy(tiktok.id, {
      order_id: tiktok.id,
      parcel: PARCEL,
      rate_id: rates[0]?.rate_id,
    });
    assert.equal(theirs.provider, "tiktok_shipping");
    assert.equal((await asProblem(labels.void(theirs.id))).code, "void_in_seller_center");
    await checkLostAnswer(
      stack,
      labels,
      await receiveOrder(stack, seller, { shippingType: "SELLER" }),
    );

    const stranger = await connectSeller(stack);
    const strangers = createLiveClient(stack, stranger);
    assert.deepEqual(await examples.listShipments(strangers, order.id), []);
    const hidden = await asProblem(examples.createLabels(strangers).shipment(shipment.id));
    assert.deepEqual([hidden.status, hidden.code], [404, "shipment_not_found"]);

    const seen: Row[] = [];
    await examples.watchShipments(supabase, seller.id, (shipment) => seen.push(shipment));
    await until(
      "the channel is joined",
      () => Promise.resolve(FakeSocket.last?.frames.some((frame) => frame[3] === "phx_join")),
    );
    await settledEvents(stack);
    const events = await receiveBroadcasts(stack, seller);
    const expected = events.filter((event) => event.startsWith("shipment_"));
    assert.ok(expected.length > 3);
    await until("each was read", () => Promise.resolve(seen.length === expected.length));
    assert.ok(seen.some(({ id, status }) => id === shipment.id && status === "purchased"));
    await supabase.removeAllChannels();
  },
);
