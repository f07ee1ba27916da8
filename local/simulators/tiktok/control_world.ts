/** `/control/orders/burst`, `/orders/:id/change-address`, and what there is to change: `/orders`, `/parcels`. */
import type { Hono } from "hono";
import * as z from "zod";
import { BadControlRequest, controlApp, countBy, parse } from "../control.ts";
import { otherAddress } from "./addresses.ts";
import { deliver, Deliveries, Digits, unknownShop } from "./control_common.ts";
import { addressNotification } from "./notifications.ts";
import type { TikTokOperations } from "./operations.ts";
import { linesOf } from "./packages.ts";
import type { SimulatedOrder } from "./state.ts";

export const WORLD_HELP = {
  "GET /control/orders?shop_id=": "the newest 20 orders with their units",
  "GET /control/parcels": "the newest 20 parcels that are shipped, with their orders",
  "POST /control/orders/burst":
    "{shop_id, count?, duplicates?}: many buyers order at once (100); so many webhooks come twice",
  "POST /control/orders/:order_id/change-address":
    "{deliveries?}: the buyer changes the address, webhook 3 is sent",
};

const BurstBody = z.strictObject({
  shop_id: Digits,
  count: z.int().min(1).max(1000).default(100),
  duplicates: z.int().min(0).max(1000).default(0),
});

const AddressBody = z.strictObject({ deliveries: Deliveries });

/** Later the carrier has the parcel: TikTok no longer lets a buyer change the address. */
const WITH_ADDRESS = ["AWAITING_SHIPMENT", "AWAITING_COLLECTION", "PARTIALLY_SHIPPING"];

const LISTED = 20;

function describeOrder(order: SimulatedOrder) {
  return {
    order_id: order.id,
    shop_id: order.shopId,
    status: order.detail.status,
    shipping_type: order.detail.shipping_type,
    units: linesOf(order).map(({ id, display_status, product_name }) => ({
      line_item_id: id,
      status: display_status,
      product_name,
    })),
  };
}

export function worldControl(tiktok: TikTokOperations): Hono {
  const { state } = tiktok;
  const app = controlApp();

  app.get("/orders", (c) => {
    const shopId = c.req.query("shop_id");
    const orders = state.all("orders").filter((order) =>
      shopId === undefined || order.shopId === shopId
    );
    return c.json({ orders: orders.slice(-LISTED).reverse().map(describeOrder) });
  });

  app.get("/parcels", (c) => {
    const parcels = state.all("packages").filter(({ trackingNumber }) =>
      trackingNumber !== undefined
    );
    return c.json({
      parcels: parcels.slice(-LISTED).reverse().map((parcel) => ({
        package_id: parcel.id,
        order_id: parcel.orderId,
        shop_id: parcel.shopId,
        tracking_number: parcel.trackingNumber,
        status: parcel.status,
        created_at: new Date((parcel.shippedTime ?? parcel.createTime) * 1000).toISOString(),
      })),
    });
  });

  app.post("/orders/burst", async (c) => {
    const { shop_id, count, duplicates } = await parse(BurstBody, c.req.raw);
    if (!state.get("shops", shop_id)) return c.json(unknownShop(shop_id), 404);
    const orders = Array.from({ length: count }, () => tiktok.addOrder({ shopId: shop_id }));
    const answers = await tiktok.sendShuffled(orders, { duplicates, concurrency: 10 });
    const order_ids = orders.map(({ id }) => id);
    return c.json({ order_ids, answers: Object.fromEntries(countBy(answers)) }, 201);
  });

  app.post("/orders/:orderId/change-address", async (c) => {
    const { deliveries } = await parse(AddressBody, c.req.raw);
    const order = state.get("orders", c.req.param("orderId"));
    if (order === undefined) {
      return c.json({ error: `Unknown order ${c.req.param("orderId")}.` }, 404);
    }
    const { status, recipient_address, shipping_type } = order.detail;
    if (!WITH_ADDRESS.includes(status)) {
      throw new BadControlRequest(
        `Order ${order.id} is ${status}: its buyer can no longer change the address.`,
      );
    }
    const address = otherAddress(recipient_address, shipping_type);
    const changed = tiktok.changeOrder(order.id, status, { recipient_address: address });
    const notification = addressNotification(changed, tiktok.now());
    return c.json({
      order_id: changed.id,
      answers: await deliver(tiktok, notification, deliveries),
    });
  });
  return app;
}
