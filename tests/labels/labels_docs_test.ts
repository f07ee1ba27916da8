/** Runs the examples of docs/labels-tutorial.md, and compares the tables of docs/labels.md with the code. */
import assert from "node:assert/strict";
import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";
import { toProblem } from "../../functions/shipments/problems.ts";
import { LabelError, LabelFailure } from "../../shared/shipping/errors.ts";
import { loadExamples } from "../support/doc_examples.ts";
import {
  FROM,
  type OrderRow,
  PARCEL,
  processLaterEvents,
  receiveOrder,
} from "../support/labels.ts";
import { openClient } from "../support/live.ts";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { runTutorial } from "../support/tutorial.ts";
import { until } from "../support/until.ts";
import { test } from "../support/shared_stack.ts";

const REFERENCE = new URL("../../docs/labels.md", import.meta.url);
const TUTORIAL = new URL("../../docs/labels-tutorial.md", import.meta.url);

type Row = Record<string, unknown>;

interface Labels {
  rates(request: Row): Promise<(Row & { rate_id: string; price: string })[]>;
  buy(key: string, request: Row): Promise<Row & { id: string; label_url: string }>;
  shipment(id: string): Promise<Row>;
  link(id: string): Promise<Row & { label_url: string }>;
  void(id: string): Promise<Row>;
}

/** The exports of the tutorial's code blocks. */
interface Examples {
  LabelProblem: new (status: number, code: string, detail: string) => Error;
  createLabels(supabase: SupabaseClient): Labels;
  buyWithRetries<T>(
    buy: () => Promise<T>,
    wait: (seconds: number) => Promise<void>,
    attempts?: number,
  ): Promise<T>;
  listShipments(supabase: SupabaseClient, orderId: string): Promise<Row[]>;
  watchShipments(
    supabase: SupabaseClient,
    userId: string,
    onShipment: (shipment: Row) => void,
  ): Promise<RealtimeChannel>;
}

const KNOWN = ["LabelProblem", "createLabels", "buyWithRetries", "listShipments", "watchShipments"];

const { blocks, examples } = await loadExamples<Examples>(TUTORIAL);

async function readText(url: URL): Promise<string> {
  return await Deno.readTextFile(url);
}

Deno.test("every code block of the tutorial is covered by this test", () => {
  assert.deepEqual(blocks.flat().toSorted(), KNOWN.toSorted());
});

Deno.test("the reference has every code with its status, its sentence and its Retry-After", async () => {
  const page = await readText(REFERENCE);
  const row = /^\| (\d{3}) +\| `(\w+)` +\| ([A-Z].*?) +\| (?:(\d+) s)? *\|$/gm;
  const rows = [...page.matchAll(row)]
    .map(([, status, code, sentence, wait]) => [code, Number(status), sentence, wait]);
  const problems = LabelFailure.options.map((code) => {
    const { status, message, headers } = toProblem(new LabelError(code)) ?? assert.fail(code);
    return [code, status, message, headers["retry-after"]];
  });
  const byCode = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]));
  assert.deepEqual(rows.toSorted(byCode), problems.toSorted(byCode));
});

Deno.test("every error code of the reference exists in the source", async () => {
  const page = await readText(REFERENCE);
  const codes = [...page.matchAll(/^\| \d{3}[\d, ]* +\| (`[^|]+`) +\|/gm)]
    .flatMap(([, names = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name as string));
  assert.ok(codes.length > LabelFailure.options.length);
  assert.equal(new Set(codes).size, codes.length, "each code once");
  const sources = (await Promise.all(["shared", "functions"].map(readSources))).join();
  for (const code of codes) assert.ok(sources.includes(code), code);
});

async function readSources(folder: string): Promise<string> {
  const url = new URL(`../../${folder}/`, import.meta.url);
  let text = "";
  for await (const entry of Deno.readDir(url)) {
    if (entry.isDirectory) text += await readSources(`${folder}/${entry.name}`);
    else if (entry.name.endsWith(".ts")) text += await readText(new URL(entry.name, url));
  }
  return text;
}

Deno.test("the reference has every state of a purchase and every rank of a parcel", async () => {
  const page = await readText(REFERENCE);
  const migration = (name: string) =>
    readText(new URL(`../../supabase/migrations/${name}.sql`, import.meta.url));
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

async function problemOf(promise: Promise<unknown>): Promise<Row> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof examples.LabelProblem, String(error));
  return error as unknown as Row;
}

async function checkPurchase(labels: Labels, { id }: OrderRow): Promise<Row & { id: string }> {
  const request = { order_id: id, parcel: PARCEL };
  const key = crypto.randomUUID();
  const refused = await problemOf(labels.buy(key, { ...request, service: "cheapest" }));
  assert.deepEqual([refused.status, refused.code], [422, "sender_required"]);
  const [cheapest] = await labels.rates({ ...request, from: FROM });
  assert.match(cheapest?.price ?? "", /^\d+\.\d\d$/);
  const [again] = await labels.rates(request);
  assert.equal(again?.price, cheapest?.price, "the shop's address is kept");
  const bought = await labels.buy(key, { ...request, service: "cheapest" });
  assert.equal(
    bought.state,
    "purchased",
    "the same key continues with the address that came later",
  );

  const other = await problemOf(labels.buy(key, { ...request, rate_id: cheapest?.rate_id }));
  assert.deepEqual([other.status, other.code], [409, "idempotency_key_reused"]);
  const twice = await problemOf(
    labels.buy(crypto.randomUUID(), { ...request, rate_id: again?.rate_id }),
  );
  assert.equal(twice.code, "already_shipped");
  assert.equal((await labels.buy(key, { ...request, service: "cheapest" })).id, bought.id);
  assert.equal(bought.shipping_cost, cheapest?.price);
  return bought;
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
  const bought = await examples.buyWithRetries(
    () => labels.buy(id, request),
    (seconds) => Promise.resolve(void waits.push(seconds)),
  );
  assert.deepEqual(waits, [120], "Retry-After");
  assert.equal(bought.state, "purchased");
  assert.equal(stack.easypost.accounts.labelsBought, before + 1);

  let calls = 0;
  const refused = problemOf(examples.buyWithRetries(
    () => (calls++, labels.buy("key", { ...request, provider: "tiktok_shipping" })),
    () => Promise.reject(new Error("a refusal is not repeated")),
  ));
  assert.equal((await refused).code, "tiktok_label_unavailable");
  assert.equal(calls, 1);
}

/** Its link serves a PDF, its row matches, and TikTok was notified. */
async function checkShownLabel(
  supabase: SupabaseClient,
  labels: Labels,
  order: OrderRow,
  shipment: Row & { id: string },
): Promise<void> {
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
}

async function checkVoids(
  stack: TestStack,
  labels: Labels,
  shipmentId: string,
  { id }: OrderRow,
): Promise<void> {
  stack.easypost.behaviour.refundStatus = "submitted";
  assert.equal((await labels.void(shipmentId)).state, "void_requested");
  assert.equal((await labels.shipment(shipmentId)).state, "void_requested");
  const [rate] = await labels.rates({ order_id: id, parcel: PARCEL });
  const tiktoks = await labels.buy(id, { order_id: id, parcel: PARCEL, rate_id: rate?.rate_id });
  assert.equal(tiktoks.provider, "tiktok_shipping");
  assert.equal((await problemOf(labels.void(tiktoks.id))).code, "void_in_seller_center");
}

async function checkHidden(stack: TestStack, shipmentId: string, orderId: string): Promise<void> {
  const stranger = openClient(stack, (await connectSeller(stack)).accessToken);
  assert.deepEqual(await examples.listShipments(stranger, orderId), []);
  const hidden = await problemOf(examples.createLabels(stranger).shipment(shipmentId));
  assert.deepEqual([hidden.status, hidden.code], [404, "shipment_not_found"]);
}

async function checkWatching(
  stack: TestStack,
  seller: ConnectedSeller,
  supabase: SupabaseClient,
  shipmentId: string,
): Promise<void> {
  const seen: Row[] = [];
  const channel = await examples.watchShipments(
    supabase,
    seller.id,
    (shipment) => seen.push(shipment),
  );
  await until("the channel is joined", () => Promise.resolve(channel.state === "joined"));
  await processLaterEvents(stack);
  await stack.sql`update public.shipments set tracking_number = 'T1' where id = ${shipmentId}`;
  // Changes of other labels of the seller may still be on their way.
  const numbers = () =>
    seen.filter(({ id }) => id === shipmentId).map((row) => row.tracking_number);
  await until("it was read", () => Promise.resolve(numbers().length > 0));
  assert.deepEqual(numbers(), ["T1"]);
}

test("the tutorial's examples buy, show, list, watch and void labels", async (stack) => {
  const seller = await connectSeller(stack);
  const supabase = openClient(stack, seller.accessToken);
  const labels = examples.createLabels(supabase);
  const order = await receiveOrder(stack, seller, { shippingType: "SELLER" });

  const shipment = await checkPurchase(labels, order);
  await settledEvents(stack);
  await checkShownLabel(supabase, labels, order, shipment);
  const tiktoks = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  await checkVoids(stack, labels, shipment.id, tiktoks);
  const next = await receiveOrder(stack, seller, { shippingType: "SELLER" });
  await checkLostAnswer(stack, labels, next);
  await checkHidden(stack, shipment.id, order.id);
  await checkWatching(stack, seller, supabase, shipment.id);
});

test("the commands of the tutorial print what the page says", async (stack) => {
  await runTutorial(TUTORIAL, stack);
});
