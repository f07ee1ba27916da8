/** Figures and downloads of a seller, through the real client. */
import assert from "node:assert/strict";
import type { Seller } from "../../local/stack/seller.ts";
import reported from "../fixtures/reported/10-two-currencies.json" with { type: "json" };
import { announceOrder } from "../support/orders.ts";
import { receiveOrder, requestLabel } from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { readZip } from "../support/zip.ts";

const YEAR = "from=2000-01-01&to=2099-12-31";

/** What the seller's app gets of a route. */
async function download(seller: Seller, path: string) {
  const { data, error, response } = await seller.client.functions.invoke(`account/${path}`, {
    method: "GET",
  });
  assert.equal(error, null, path);
  return { data, response: response as Response };
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** A CSV as the app saves it: with the byte order mark, which Excel needs. */
async function downloadCsv(seller: Seller, path: string) {
  const { data, response } = await download(seller, path);
  assert.ok(data instanceof Blob, "supabase-js did not decode the file");
  const bytes = new Uint8Array(await data.arrayBuffer());
  assert.deepEqual([...bytes.subarray(0, 3)], BYTE_ORDER_MARK);
  return { text: new TextDecoder().decode(bytes), response };
}

/** The lines of a CSV without quoted cells, by column. */
function parseLines(csv: string): Record<string, string>[] {
  const [header = "", ...lines] = csv.trimEnd().split("\r\n");
  const columns = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(columns.map((column, n) => [column, cells[n] ?? ""]));
  });
}

async function refusalOf(stack: TestStack, seller: Seller, path: string) {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/account/${path}`, {
    headers: { authorization: `Bearer ${seller.accessToken}` },
  });
  const { code } = await response.json();
  return [response.status, code];
}

test("revenue over several currencies, unpaid and cancelled orders: by currency, paid only", async (stack) => {
  const seller = await connectSeller(stack);
  for (const { currency, total_amount, payment } of reported.input.orders) {
    const isPaid = payment === "paid";
    const order = await announceOrder(stack, {
      shopId: seller.shopId,
      status: isPaid ? "AWAITING_SHIPMENT" : "UNPAID",
      detail: { payment: { currency, sub_total: total_amount, total_amount, shipping_fee: "0" } },
    });
    await settledEvents(stack);
    if (isPaid) continue;
    const cancelled = stack.tiktok.changeOrder(order.id, "CANCELLED");
    await stack.tiktok.send(stack.tiktok.notificationOf(cancelled));
    await settledEvents(stack);
  }
  const { data } = await seller.client.rpc("get_dashboard_metrics");
  const { revenue, total_orders } = data as { revenue: unknown; total_orders: number };
  assert.equal(total_orders, 3);
  assert.deepEqual(
    revenue,
    reported.right.revenue.map((line) => ({ ...line, refunded: "0.00" })),
  );
});

test("a seller downloads their orders and shipments of a range as CSV, with every digit of the ids", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);
  const [order] = [await receiveOrder(stack, seller), await receiveOrder(stack, other)];
  const label = await requestLabel(stack, seller, order.id);
  assert.equal(label.status, 201);
  await settledEvents(stack);

  const orders = await downloadCsv(seller, `orders.csv?${YEAR}`);
  assert.equal(
    orders.response.headers.get("content-disposition"),
    'attachment; filename="orders.csv"',
  );
  const [line, ...others] = parseLines(orders.text);
  assert.deepEqual(others, [], "only the seller's own");
  assert.deepEqual(
    [line?.tiktok_order_id, line?.shop_id, line?.total_amount, line?.country],
    [`'${order.tiktokId}`, `'${seller.shopId}`, "23.99", "US"],
  );
  assert.doesNotMatch(orders.text, /Rosa|Alder|97205|@/, "buyers are not named");

  const shipments = parseLines((await downloadCsv(seller, `shipments.csv?${YEAR}`)).text);
  assert.deepEqual(
    shipments.map((
      row,
    ) => [row.shipment_id, row.tiktok_order_id, row.tiktok_order_ids, row.cost, row.currency]),
    [[label.body.id, `'${order.tiktokId}`, `'${order.tiktokId}`, label.body.shipping_cost, "USD"]],
  );
  assert.ok(shipments[0]?.tracking_number?.endsWith(label.body.tracking_number));

  const long_ago = await downloadCsv(seller, "orders.csv?from=2001-01-01&to=2001-12-31");
  assert.deepEqual(parseLines(long_ago.text), []);
  const wrong = [
    "",
    "?from=2026-11-01",
    "?from=2026-11-02&to=2026-11-01",
    "?from=2026-13-01&to=2027-01-01",
  ];
  for (const query of wrong) {
    assert.deepEqual(await refusalOf(stack, seller, `orders.csv${query}`), [400, "invalid_range"]);
  }
});

test("a seller exports all their rows as a ZIP of JSON and CSV, in parts where they are many", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  await receiveOrder(stack, other);
  assert.equal((await requestLabel(stack, seller, order.id)).status, 201);
  await settledEvents(stack);
  await stack.sql`
    insert into public.analytics_events (user_id, event_type, properties)
    select ${seller.id}, 'clicked', jsonb_build_object('n', n) from generate_series(1, 2500) as n`;

  const files = new Map<string, string>();
  const parts: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query = cursor === "" ? "" : `?cursor=${cursor}`;
    const { data, response } = await download(seller, `export${query}`);
    const part = readZip(new Uint8Array(await (data as Blob).arrayBuffer()));
    for (const [name, text] of part) files.set(name, text);
    parts.push(response.headers.get("content-disposition") ?? "");
    cursor = response.headers.get("x-next-cursor");
  }
  assert.deepEqual(parts, [1, 2].map((n) => `attachment; filename="creatorflow-export-${n}.zip"`));

  const rows = (table: string) =>
    [...files].filter(([name]) => new RegExp(`^${table}-\\d+\\.json$`).test(name))
      .flatMap(([, text]) => JSON.parse(text) as Record<string, unknown>[]);
  assert.deepEqual(rows("orders").map((row) => [row.tiktok_order_id, row.total_amount]), [
    [order.tiktokId, "23.99"],
  ]);
  for (const table of ["account", "shops", "senders", "shipments", "label_purchases"]) {
    assert.equal(rows(table).length, 1, table);
  }
  const clicks = rows("analytics_events").filter((row) => row.event_type === "clicked");
  const numbers = clicks.map((row) => (row.properties as { n: number }).n);
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: 2500 }, (_, n) => n + 1),
    "each row once",
  );
  assert.match(files.get("orders-1.csv") ?? "", new RegExp(`,'${order.tiktokId},`));
  const all = [...files.values()].join("\n");
  for (const foreign of [other.id, other.shopId]) assert.ok(!all.includes(foreign));
  assert.doesNotMatch(all, /"v1\.[\w-]+\.|access_token|shop_cipher|stripe_customer/, "no secret");
  assert.deepEqual(await refusalOf(stack, seller, "export?cursor=x"), [400, "invalid_cursor"]);
});

test("a range may begin and end with the first and last day that there are", async (stack) => {
  const seller = await connectSeller(stack);
  const all = [
    "from=0000-01-01&to=9999-12-31",
    "from=0001-01-01&to=9999-12-31",
    "from=2026-01-01&to=9999-12-31",
    "from=0001-01-01T00:00:00%2B23:59&to=9999-12-31T23:59:59-23:59",
  ];
  for (const list of ["orders.csv", "shipments.csv"]) {
    for (const range of all) {
      const response = await fetch(
        `${stack.env.SUPABASE_URL}/functions/v1/account/${list}?${range}`,
        { headers: { authorization: `Bearer ${seller.accessToken}` } },
      );
      assert.equal(response.status, 200, `${list} ${range} ${await response.text()}`);
    }
  }
});
