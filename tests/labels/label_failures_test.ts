/** A purchase fails before or at the carrier: the seller learns that nothing was bought, and the same key buys at once. */
import assert from "node:assert/strict";
import type { Fault } from "../../local/simulators/faults.ts";
import { FROM, PARCEL, processDueEvents } from "../support/labels.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import {
  type Bought,
  CALLS,
  type ProviderName,
  READ_ORDER,
  type SpoiledCarriers,
  startSpoiledCarriers,
} from "../support/spoiled_carriers.ts";

let carriers: SpoiledCarriers;

const step = testOnOneStack(
  "purchases that fail",
  async () => carriers = await startSpoiledCarriers(),
  () => carriers.endStep(),
);

step(
  "where the carrier certainly sold nothing, the answer says so, and the same key buys at once",
  async () => {
    const all: Bought[] = [];
    const withoutWait = ({ headers: { "retry-after": _, ...headers }, ...answer }: {
      headers: Record<string, string>;
      status: number;
      body: string;
    }) => ({ ...answer, headers });
    const busy = (retryAfterSeconds: number, count: number) => (provider: ProviderName) =>
      carriers.addFault(provider, "buy", { kind: "rate_limit", retryAfterSeconds, count });
    const cases: [ProviderName, string, (provider: ProviderName) => void, unknown[]][] = [
      ["easypost", "429", busy(7, 1), [503, "carrier_busy", "7"]],
      ["tiktok_shipping", "429", busy(7, 1), [503, "carrier_busy", "7"]],
      ["easypost", "429 without Retry-After", (provider) => {
        busy(7, 1)(provider);
        carriers.interceptPurchase(provider, withoutWait);
      }, [503, "carrier_busy", "10"]],
      // Calls that TikTok rate-limits are sent again, twice.
      ["tiktok_shipping", "429 without Retry-After", (provider) => {
        busy(7, 3)(provider);
        for (let n = 0; n < 3; n++) carriers.interceptPurchase(provider, withoutWait);
      }, [503, "carrier_busy", "10"]],
      ["easypost", "no funds", () => carriers.stack.easypost.accounts.balance = "0.00", [
        402,
        "funds_missing",
        null,
      ]],
      ["easypost", "refused", (provider) => {
        carriers.interceptPurchase(provider, (answer) => ({
          ...answer,
          status: 422,
          body: '{"error":{"code":"SHIPMENT.POSTAGE.FAILURE","message":"No.","errors":[]}}',
        }));
        carriers.addFault(provider, "buy", { kind: "internal", count: 1 });
      }, [422, "carrier_refused", null]],
    ];
    for (const [provider, name, spoil, expected] of cases) {
      const what = `${provider}, ${name}`;
      const order = carriers.newOrder(provider);
      const key = crypto.randomUUID();
      const sold = carriers.labelsBought();
      spoil(provider);
      const { status, body, headers } = await carriers.requestLabel(order, { key });
      assert.deepEqual([status, body.code, headers.get("retry-after")], expected, what);
      assert.deepEqual(await carriers.stateOf(order), { state: "failed", reason: body.code }, what);
      assert.equal(await carriers.labelledLines(order), 0, what);
      assert.equal(carriers.labelsBought(), sold, what);
      carriers.stack.easypost.accounts.balance = "1000.00";
      const bought = await carriers.requestLabel(order, { key });
      assert.equal(bought.status, 201, what);
      await carriers.assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await carriers.assertOneEach(all);
  },
);

step(
  "a failure before the purchase buys nothing, and the same key buys at once",
  async () => {
    const all: Bought[] = [];
    const wait = { retryAfterSeconds: 60 };
    const cases: [ProviderName, "order" | "prepare", Fault, number, string][] = [
      ["easypost", "prepare", { kind: "internal" }, 502, "carrier_unavailable"],
      ["easypost", "prepare", { kind: "html" }, 503, "carrier_busy"],
      ["easypost", "prepare", { kind: "rate_limit", ...wait }, 503, "carrier_busy"],
      ["easypost", "prepare", { kind: "lost" }, 502, "carrier_unavailable"],
      ["easypost", "prepare", { kind: "not_json" }, 502, "carrier_unavailable"],
      ["easypost", "prepare", { kind: "truncated" }, 502, "carrier_unavailable"],
      ["tiktok_shipping", "prepare", { kind: "rate_limit", ...wait }, 503, "carrier_busy"],
      ["tiktok_shipping", "prepare", { kind: "not_json" }, 502, "tiktok_unavailable"],
      ["tiktok_shipping", "prepare", { kind: "truncated" }, 502, "tiktok_unavailable"],
      ["easypost", "order", { kind: "truncated" }, 502, "tiktok_unavailable"],
      ["tiktok_shipping", "order", { kind: "not_json" }, 502, "tiktok_unavailable"],
    ];
    for (const [provider, call, spoiled, status, code] of cases) {
      const what = `${provider}, ${call}, ${spoiled.kind}`;
      const order = carriers.newOrder(provider);
      const key = crypto.randomUUID();
      const sold = carriers.labelsBought();
      if (call === "order") carriers.stack.tiktok.faults.add({ ...READ_ORDER, ...spoiled });
      else carriers.addFault(provider, call, spoiled);
      const first = await carriers.requestLabel(order, { key });
      assert.deepEqual([first.status, first.body.code], [status, code], what);
      assert.deepEqual(await carriers.stateOf(order), { state: "failed", reason: code }, what);
      assert.equal(await carriers.labelledLines(order), 0, what);
      if (call === "prepare") {
        const body = { order_id: order.id, parcel: PARCEL, from: FROM };
        const rates = await carriers.callShipments("/rates", { body });
        assert.deepEqual([rates.status, rates.body.code], [status, code], what);
      }
      assert.equal(carriers.labelsBought(), sold, what);
      carriers.clearFaults();
      assert.equal((await carriers.requestLabel(order, { key })).status, 201, what);
      await carriers.assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await carriers.assertOneEach(all);
  },
);

step("a token that expires in the middle is refreshed once, and the label bought", async () => {
  const all: Bought[] = [];
  const { openId = "" } = carriers.stack.tiktok.state.get("shops", carriers.seller.shopId) ?? {};
  const cases: [ProviderName, string, { method: string; path: RegExp }][] = [
    ["tiktok_shipping", "before the services", READ_ORDER],
    ["tiktok_shipping", "before the purchase", CALLS.tiktok_shipping.prepare],
    ["tiktok_shipping", "before the label is drawn", CALLS.tiktok_shipping.buy],
    ["easypost", "before TikTok is notified", READ_ORDER],
  ];
  for (const [provider, what, last] of cases) {
    const order = carriers.newOrder(provider);
    const key = crypto.randomUUID();
    const sold = carriers.labelsBought();
    const refreshes = carriers.stack.tiktok.refreshes.length;
    // A login is refreshed at most once a minute.
    await carriers.stack
      .sql`update private.tiktok_logins set last_refreshed_at = now() - interval '1 day'`;
    carriers.stack.tiktok.faults.observe = ({ method, path, phase }) => {
      if (phase === "arrived" || method !== last.method || !last.path.test(path)) return;
      delete carriers.stack.tiktok.faults.observe;
      carriers.stack.tiktok.expireAccessToken(openId);
    };
    assert.equal((await carriers.requestLabel(order, { key })).status, 201, what);
    await processDueEvents(carriers.stack);
    assert.equal(carriers.stack.tiktok.refreshes.length, refreshes + 1, what);
    await carriers.assertSold({ order, key, what }, sold);
    all.push({ order, key, what });
  }
  await carriers.assertOneEach(all);
});
