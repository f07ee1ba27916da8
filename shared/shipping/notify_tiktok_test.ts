import assert from "node:assert/strict";
import {
  ORDER_ID,
  ORDERS,
  orderWith,
  PACKAGE_ID,
  refusal,
  type Routes,
  SHIP,
  withTikTok,
} from "../../tests/support/tiktok_stand_in.ts";
import { shipmentOf } from "../../tests/support/purchases.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { LabelError } from "./errors.ts";
import { notifyForEachOrder } from "./notify_tiktok.ts";
import type { ParcelForWorker } from "./schemas.ts";

const NUMBER = "1Z999AA10123456784";
const MARK = `POST /fulfillment/202309/orders/${ORDER_ID}/packages`;
const NOT_OFFERED = refusal(21008106);
const PACKED = { package_id: PACKAGE_ID, package_status: "TO_FULFILL", tracking_number: "" };

const done = (data: unknown) => () => Response.json({ code: 0, message: "Success", data });

/** Notifies TikTok of an EasyPost label, or of this parcel; returns the calls that change something at TikTok. */
async function notify(region: string, routes: Routes, fields: Partial<ParcelForWorker> = {}) {
  const calls: string[] = [];
  let failure: unknown;
  const order = routes[ORDERS] as ReturnType<typeof orderWith>;
  const option = order.data.orders[0].delivery_option_id;
  const providers = `GET /logistics/202309/delivery_options/${option}/shipping_providers`;
  const listed = done({ shipping_providers: [{ id: "7", name: "UPS" }] });
  await withTikTok({ ...routes, [providers]: listed }, async (world) => {
    const labels = { tiktok: world.tiktok, countryParameters: { origin: "o", destination: "d" } };
    const parcel = {
      ...world.purchase({ provider: "easypost" }, region),
      provider: "easypost" as const,
      shipment: shipmentOf(),
      ...fields,
    };
    const access = { accessToken: "TTP_token", shopCipher: "cipher" };
    const numbered = { parcel, carrier: "UPS", trackingNumber: NUMBER };
    await notifyForEachOrder(labels as unknown as LabelDependencies, access, numbered)
      .catch((error) => failure = error);
    calls.push(...world.calls().filter((call) => !call.startsWith("GET ")));
  });
  return { calls, failure };
}

Deno.test("a shop that is not offered the call of its market gets the other one", async () => {
  const order = orderWith(PACKED, PACKED);
  const cases = [
    ["GB", { [MARK]: NOT_OFFERED, [SHIP]: done({}) }, [MARK, SHIP]],
    ["PL", { [SHIP]: NOT_OFFERED, [MARK]: done({ package_id: PACKAGE_ID }) }, [SHIP, MARK]],
  ] as const;
  for (const [region, routes, expected] of cases) {
    const { calls, failure } = await notify(region, { [ORDERS]: order, ...routes });
    assert.equal(failure, undefined);
    assert.deepEqual(calls, expected, region);
  }
});

Deno.test("a number for a part of a package never becomes that of the whole package", async () => {
  const order = orderWith(PACKED, PACKED);
  order.data.orders[0].line_items.push({ ...order.data.orders[0].line_items[0], id: "9" });
  const routes = { [ORDERS]: order, [MARK]: NOT_OFFERED };
  const label = await notify("GB", routes);
  assert.match(String(label.failure), /one package with others/);
  // A seller may correct a number before TikTok has the first one.
  const corrected = await notify("GB", routes, { provider: "own", attempt: 2 });
  assert.equal((corrected.failure as LabelError).code, "line_items_combined");
  assert.deepEqual([label.calls, corrected.calls], [[MARK], [MARK]]);
});

Deno.test("units without a package leave nothing to ship: TikTok's refusal stays", async () => {
  const routes = { [ORDERS]: orderWith({}, {}), [MARK]: NOT_OFFERED };
  const { calls, failure } = await notify("US", routes);
  assert.match(String(failure), /21008106/);
  assert.deepEqual(calls, [MARK]);
});

Deno.test("an order of two packages gets the rest of its number after a failure between them", async () => {
  const other = "POST /fulfillment/202309/packages/2/ship";
  const order = orderWith({ ...PACKED, tracking_number: NUMBER }, { ...PACKED, package_id: "2" });
  const routes = { [ORDERS]: order, [MARK]: NOT_OFFERED, [other]: done({}) };
  const { calls, failure } = await notify("GB", routes);
  assert.equal(failure, undefined);
  assert.deepEqual(calls, [MARK, other]);
});
