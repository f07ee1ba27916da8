import assert from "node:assert/strict";
import { linesOf } from "../simulators/tiktok/packages.ts";
import { TikTokSimulator } from "../simulators/tiktok/simulator.ts";
import { SAMPLE_SHOP_ID, seedSimulator } from "./sample_shops.ts";

const NOW = Date.parse("2031-05-06T07:08:09Z");
const NOW_SECONDS = Math.floor(NOW / 1000);
const OPTIONS = { appKey: "key", appSecret: "secret", webhookUrl: "" };
const DAY_SECONDS = 24 * 3600;

Deno.test("the orders of both sample shops are of the last two days, each at its own time", () => {
  const simulator = new TikTokSimulator(OPTIONS);
  seedSimulator(simulator, NOW);
  const orders = simulator.state.all("orders");
  for (const shopId of [SAMPLE_SHOP_ID, "7490000000000000002"]) {
    const times = orders.filter((order) => order.shopId === shopId)
      .map(({ detail }) => detail.update_time);
    assert.ok(times.length >= 3);
    assert.equal(new Set(times).size, times.length);
    for (const time of times) {
      assert.ok(time < NOW_SECONDS && time > NOW_SECONDS - 2 * DAY_SECONDS);
    }
  }
});

Deno.test("a unit's id is that of one order, as at TikTok", () => {
  const simulator = new TikTokSimulator(OPTIONS);
  seedSimulator(simulator, NOW);
  const units = simulator.state.all("orders").flatMap(linesOf).map(({ id }) => id);
  assert.ok(units.length > 8);
  assert.equal(new Set(units).size, units.length);
});

Deno.test("the times of a sample order keep their distances, and 0 stays 0", () => {
  const simulator = new TikTokSimulator(OPTIONS);
  seedSimulator(simulator, NOW);
  const cancelled = simulator.state.get("orders", "576461413038785781")?.detail;
  assert.ok(cancelled);
  const { create_time, update_time, cancel_time, rts_sla_time } = cancelled as Record<
    string,
    number
  >;
  assert.equal(Number(update_time) - Number(create_time), 1789999400 - 1789992800);
  assert.equal(Number(rts_sla_time) - Number(create_time), 1790172800 - 1789992800);
  assert.equal(cancel_time, update_time);
});

Deno.test("a simulator that has the sample shops keeps their orders as they are", () => {
  const simulator = new TikTokSimulator(OPTIONS);
  seedSimulator(simulator, NOW);
  const before = JSON.stringify(simulator.state.all("orders"));
  seedSimulator(simulator, NOW + DAY_SECONDS * 1000);
  assert.equal(JSON.stringify(simulator.state.all("orders")), before);
});
