/** TikTok reports each label and each shipment to us too, also before we have stored it. */
import assert from "node:assert/strict";
import { processDueEvents, readOrder, receiveOrder, requestLabel } from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import { until } from "../support/until.ts";

/** By shipping type: the order's state once TikTok knows of the label, and the labels that were sold. */
const CASES = [
  { shippingType: "TIKTOK", state: "awaiting_collection", carrier: "tiktok_shipping" },
  { shippingType: "SELLER", state: "in_transit", carrier: "easypost" },
] as const;

test("a label that TikTok reports back is bought once, and its order follows TikTok", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.autoSend = true;
  for (const { shippingType, state, carrier } of CASES) {
    const order = await receiveOrder(stack, seller, { shippingType });
    const key = crypto.randomUUID();
    const bought = await requestLabel(stack, seller, order.id, { key });
    assert.equal(bought.status, 201, carrier);
    await processDueEvents(stack);
    const reported = await until(`${carrier}: TikTok's report is stored`, async () => {
      await settledEvents(stack);
      const { status, events } = await readOrder(seller, order.id);
      return events.includes("ORDER_STATUS_CHANGE") && { status, events: events.toSorted() };
    });
    const events = ["LABEL_PURCHASED", "ORDER_STATUS_CHANGE"];
    assert.deepEqual(reported, { status: state, events }, carrier);

    const again = await requestLabel(stack, seller, order.id, { key });
    assert.deepEqual([again.status, again.body.id], [200, bought.body.id], carrier);
    assert.equal(again.body.status, "purchased", carrier);
    const more = await requestLabel(stack, seller, order.id);
    assert.equal(more.status, 422, carrier);
  }
  const sold = [stack.tiktok.fulfillment.labelsBought, stack.easypost.accounts.labelsBought];
  assert.deepEqual(sold, [1, 1]);
});
