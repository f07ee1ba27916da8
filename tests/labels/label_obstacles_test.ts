/** Orders that must not be shipped, and missing funds: no label while the obstacle lasts. */
import assert from "node:assert/strict";
import { authorizeSimulatedShop, connectWithCode } from "../../local/stack/seller.ts";
import {
  assertProblem,
  callShipments,
  callsTo,
  FROM,
  labelsBought,
  lineItemIdsOf,
  type OrderRow,
  receiveOrder,
  requestLabel,
  requestRates,
  sideEffects,
} from "../support/labels.ts";
import {
  type ConnectedSeller,
  connectSeller,
  settledEvents,
  settleTasks,
  subscribe,
} from "../support/shop.ts";
import { borrowStack, test, testOnOneStack } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

const NOTHING = { easypost: 0, tiktok: 0 };

/** Changes the order at TikTok, with its webhook. */
async function changeOrder(
  stack: TestStack,
  order: OrderRow,
  status: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  const changed = stack.tiktok.changeOrder(order.tiktokId, status, detail);
  await stack.tiktok.send(stack.tiktok.notificationOf(changed));
  await settledEvents(stack);
}

/** The stored order is enough to refuse: no carrier is called, and nothing is stored. */
async function assertRefusedAtOnce(
  stack: TestStack,
  seller: ConnectedSeller,
  order: OrderRow,
  code: string,
  label: Record<string, unknown> = {},
): Promise<void> {
  const before = await sideEffects(stack);
  assertProblem(await requestLabel(stack, seller, order.id, label), 422, code);
  assert.deepEqual(await sideEffects(stack), before, code);
}

let stack: TestStack;
let seller: ConnectedSeller;

const step = testOnOneStack("orders that must not be shipped", async () => {
  stack = await borrowStack();
  seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  return stack;
});

type OrderFields = Parameters<typeof receiveOrder>[2];

async function receiveSettledOrder(fields: OrderFields): Promise<OrderRow> {
  const received = await receiveOrder(stack, seller, fields);
  await settledEvents(stack);
  return received;
}

step("an order whose stored state forbids a label gets none, and no rates", async () => {
  const masked = { name: "R***", address_line1: "11***" };
  const forbidden: [string, OrderFields, Record<string, unknown>?][] = [
    ["order_cancelled", { status: "CANCELLED" }],
    ["order_cancelled", { status: "CANCELLED", shippingType: "TIKTOK" }],
    ["already_shipped", { status: "IN_TRANSIT" }],
    ["already_shipped", { status: "AWAITING_COLLECTION", shippingType: "TIKTOK" }],
    ["already_shipped", { status: "DELIVERED" }],
    ["already_shipped", { status: "COMPLETED" }],
    ["tiktok_label_required", { shippingType: "TIKTOK" }, { provider: "easypost" }],
    ["tiktok_label_unavailable", {}, { provider: "tiktok_shipping" }],
    ["address_masked", { detail: { recipient_address: masked } }],
  ];
  for (const [code, order, label] of forbidden) {
    const received = await receiveSettledOrder(order);
    await assertRefusedAtOnce(stack, seller, received, code, label);
    if (label !== undefined) continue;
    assertProblem(await requestRates(stack, seller, received.id), 422, code, `rates: ${code}`);
  }
  assert.deepEqual(labelsBought(stack), NOTHING);
});

step("an order that waits for something gets its label afterwards, with the same key", async () => {
  const waiting: [string, OrderFields][] = [
    ["order_on_hold", { status: "ON_HOLD" }],
    ["order_on_hold", { status: "ON_HOLD", shippingType: "TIKTOK" }],
    ["order_unpaid", { status: "UNPAID" }],
    ["address_missing", { detail: { recipient_address: { region_code: "US" } } }],
  ];
  for (const [code, order] of waiting) {
    const received = await receiveSettledOrder(order);
    const key = crypto.randomUUID();
    await assertRefusedAtOnce(stack, seller, received, code, { key });
    const { status: _, ...rest } = order ?? {};
    const address = stack.tiktok.addOrder({ ...rest, detail: {}, shopId: seller.shopId }).detail;
    const { recipient_address } = address;
    await changeOrder(stack, received, "AWAITING_SHIPMENT", { recipient_address });
    const { status } = await requestLabel(stack, seller, received.id, { key });
    assert.equal(status, 201, `${code} has ended`);
  }
  await settledEvents(stack);
});

step(
  "an order that TikTok no longer shows to the shop is unknown, and not a parcel that a carrier refuses",
  async () => {
    const order = await receiveSettledOrder({});
    const { state } = stack.tiktok;
    const moved = {
      ...(state.get("orders", order.tiktokId) ?? assert.fail()),
      shopId: "elsewhere",
    };
    state.put("orders", order.tiktokId, moved);
    const before = stack.easypost.calls.length;
    assertProblem(await requestLabel(stack, seller, order.id), 404, "order_not_found");
    assert.equal(stack.easypost.calls.length, before);
  },
);

step(
  "without the shop's permission to read orders a label is refused, and no carrier is called",
  async () => {
    const order = await receiveSettledOrder({});
    const { state } = stack.tiktok;
    const logins = state.all("logins");
    for (const login of logins) state.put("logins", login.openId, { ...login, scopes: [] });
    const before = stack.easypost.calls.length;
    const answer = await requestLabel(stack, seller, order.id);
    for (const login of logins) state.put("logins", login.openId, login);
    assertProblem(answer, 422, "permission_missing");
    assert.equal(stack.easypost.calls.length, before);
  },
);

step("a refunded order gets no label", async () => {
  const refunded = await receiveSettledOrder({ price: "20.00" });
  const refund = {
    ...{ aftersales_request_id: "1", rma_id: "2", refund_status: "REFUND_SUCCESS" },
    line_items: [{ main_order_id: refunded.tiktokId, sku_id: "3" }],
    ...{ refund_currency: "USD", refund_total: "24.99" },
  };
  const notice = { type: 67, id: "7700000000000000067", shopId: seller.shopId, data: refund };
  assert.equal(await stack.tiktok.send(notice), 200);
  await settledEvents(stack);
  await assertRefusedAtOnce(stack, seller, refunded, "order_refunded");
});

/** The order's lines at TikTok, the first of which was shipped in Seller Center. */
function linesShippedBySeller(order: OrderRow): Record<string, unknown>[] | undefined {
  const [first] = lineItemIdsOf(stack, order.tiktokId);
  const { line_items } = stack.tiktok.state.get("orders", order.tiktokId)?.detail as {
    line_items?: Record<string, unknown>[];
  };
  return line_items?.map((line) => ({
    ...line,
    ...(line.id === first && { tracking_number: "9400100000000000000000", package_id: "77" }),
  }));
}

/** Changes that TikTok has made without a webhook; `end` is the change that permits the label again. */
const UNREPORTED_CHANGES: {
  code: string;
  status: string;
  detail?: (order: OrderRow) => object;
  end?: object;
}[] = [
  {
    code: "cancellation_requested",
    status: "AWAITING_SHIPMENT",
    detail: () => ({ is_buyer_request_cancel: true }),
    end: { is_buyer_request_cancel: false },
  },
  { code: "order_on_hold", status: "ON_HOLD", end: {} },
  { code: "order_cancelled", status: "CANCELLED" },
  { code: "already_shipped", status: "IN_TRANSIT" },
  { code: "already_shipped", status: "AWAITING_COLLECTION" },
  { code: "already_shipped", status: "DELIVERED" },
  {
    code: "already_shipped",
    status: "PARTIALLY_SHIPPING",
    detail: (order) => ({ line_items: linesShippedBySeller(order) }),
  },
];

for (const shippingType of ["SELLER", "TIKTOK"] as const) {
  step(
    `${shippingType}: a change that only TikTok knows yet forbids a label, while it lasts`,
    async () => {
      for (const { code, status, detail = () => ({}), end } of UNREPORTED_CHANGES) {
        const what = `${shippingType} ${status}`;
        const order = await receiveSettledOrder({ shippingType, quantity: 2 });
        const bought = labelsBought(stack);
        stack.tiktok.changeOrder(order.tiktokId, status, { ...detail(order) });
        const key = crypto.randomUUID();
        const easypost = stack.easypost.calls.length;
        assertProblem(await requestLabel(stack, seller, order.id, { key }), 422, code, what);
        assert.deepEqual(labelsBought(stack), bought, what);
        assert.equal(stack.easypost.calls.length, easypost, what);
        const [purchase] = await stack.sql`
        select state, reason from private.label_purchases where order_id = ${order.id}`;
        assert.deepEqual({ ...purchase }, { state: "failed", reason: code }, what);
        if (end === undefined) continue;
        stack.tiktok.changeOrder(order.tiktokId, "AWAITING_SHIPMENT", { ...end });
        assert.equal((await requestLabel(stack, seller, order.id, { key })).status, 201, what);
      }
      await settledEvents(stack);
    },
  );
}

test("a parcel needs a sender: of this request, or the last one of the shop", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const key = crypto.randomUUID();
  const without = { key, from: undefined };
  for (let n = 0; n < 2; n++) {
    assertProblem(await requestLabel(stack, seller, order.id, without), 422, "sender_required");
  }
  const unknown = await requestRates(stack, seller, order.id, { from: undefined });
  assertProblem(unknown, 422, "sender_required");
  assert.deepEqual(stack.easypost.calls, []);
  // The same key with a sender is another request.
  assertProblem(
    await requestLabel(stack, seller, order.id, { key }),
    409,
    "idempotency_key_reused",
  );

  assert.equal((await requestRates(stack, seller, order.id)).status, 200);
  assert.equal((await requestLabel(stack, seller, order.id, without)).status, 201);
  const [made] = stack.easypost.state.all("shipments").filter(({ purchase }) => purchase);
  assert.deepEqual([made?.fromAddress.street1, made?.fromAddress.zip], [
    FROM.line1,
    FROM.postal_code,
  ]);
  const next = await receiveOrder(stack, seller);
  assert.equal((await requestLabel(stack, seller, next.id, { from: undefined })).status, 201);
  const stranger = await connectSeller(stack);
  const theirs = await receiveOrder(stack, stranger);
  const answer = await requestLabel(stack, stranger, theirs.id, { from: undefined });
  assertProblem(answer, 422, "sender_required");
  assert.equal(labelsBought(stack).easypost, 2);
  await settledEvents(stack);
});

test("a disconnected shop's orders get no label until it is connected again", async (stack) => {
  const seller = await connectSeller(stack);
  const orders = [
    await receiveOrder(stack, seller),
    await receiveOrder(stack, seller, { shippingType: "TIKTOK" }),
  ];
  await settledEvents(stack);
  await stack.tiktok.send(stack.tiktok.deauthorize(seller.shopId));
  await settledEvents(stack);
  const calls = stack.tiktok.calls.length;
  for (const { id } of orders) {
    assertProblem(await requestLabel(stack, seller, id, { key: id }), 422, "shop_not_connected");
  }
  assert.deepEqual(labelsBought(stack), NOTHING);
  assert.deepEqual([stack.tiktok.calls.length, stack.easypost.calls.length], [calls, 0]);

  const code = await authorizeSimulatedShop(stack.env, seller.shopId);
  await connectWithCode(stack.env, seller, code);
  await settleTasks(stack);
  for (const { id } of orders) {
    assert.equal((await requestLabel(stack, seller, id, { key: id })).status, 201);
  }
  assert.deepEqual(labelsBought(stack), { easypost: 1, tiktok: 1 });
  await settledEvents(stack);
});

test("without enough funds nothing is bought, and with them the same request succeeds", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const { accounts } = stack.easypost;
  accounts.balance = "7.78";
  const key = crypto.randomUUID();
  for (let n = 0; n < 2; n++) {
    assertProblem(await requestLabel(stack, seller, order.id, { key }), 402, "funds_missing");
    assert.deepEqual([accounts.labelsBought, accounts.balance], [0, "7.78"]);
  }
  const [failed] = await stack.sql`select id, state, reason from private.label_purchases`;
  assert.deepEqual([failed?.state, failed?.reason], ["failed", "funds_missing"]);
  assert.equal((await sideEffects(stack)).lines, 0);
  assert.deepEqual((await seller.client.from("shipments").select("id")).data, []);
  const shown = await callShipments(stack, seller, `/${failed?.id}`, { method: "GET" });
  assert.deepEqual([shown.body.state, shown.body.reason], ["failed", "funds_missing"]);

  accounts.balance = "7.79";
  const { status, body } = await requestLabel(stack, seller, order.id, { key });
  assert.deepEqual([status, body.id, body.shipping_cost], [201, failed?.id, "7.78"]);
  assert.deepEqual([accounts.labelsBought, accounts.balance], [1, "0.00"]);
  assert.equal(callsTo(stack.easypost.calls, /^POST \/v2\/shipments$/), 1);
  assert.equal((await requestLabel(stack, seller, order.id, { key })).status, 200);
  await settledEvents(stack);
});
