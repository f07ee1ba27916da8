import assert from "node:assert/strict";
import { type EasyPostWorld, prepared, withEasyPost } from "../../../../tests/support/easypost.ts";
import {
  withRudeServer,
  withServer,
  withSilentServer,
} from "../../../../tests/support/local_server.ts";
import {
  orderToShip,
  PARCEL,
  PURCHASE_ID,
  purchaseOf,
  refusalOf,
  SENDER,
} from "../../../../tests/support/purchases.ts";
import type { Purchase } from "../../schemas.ts";
import { EasyPostClient } from "./client.ts";
import { EasyPostProvider } from "./provider.ts";

async function buyLabel(world: EasyPostWorld, fields: Partial<Purchase> = {}): Promise<Purchase> {
  const { purchase, choice } = await prepared(world, fields);
  await world.provider.buy(purchase, choice);
  return purchase;
}

const providerAt = (url: string, options = {}) =>
  new EasyPostProvider(new EasyPostClient({ apiKey: "k", apiUrl: url }, options));

const KNOWN = purchaseOf({ carrier_shipment_id: "shp_1" });

Deno.test("find() reads by EasyPost's id, and by our own if that was not stored", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const purchase = await buyLabel(world);
    const calls = simulator.calls.length;
    const found = await provider.find(purchase);
    assert.ok(found?.tracking_number);
    assert.deepEqual(await provider.find({ ...purchase, carrier_shipment_id: null }), found);
    assert.deepEqual(simulator.calls.slice(calls), [
      `GET /v2/shipments/${purchase.carrier_shipment_id}`,
      `GET /v2/shipments/${PURCHASE_ID}`,
    ]);
    assert.equal(simulator.accounts.labelsBought, 1);
  });
});

Deno.test("a shipment that was not made, or not bought, has no label", async () => {
  await withEasyPost(async (world) => {
    assert.equal(await world.provider.find(purchaseOf()), undefined);
    // A shipment with a stored id must be in another account.
    assert.deepEqual(await refusalOf(world.provider.find(KNOWN)), ["carrier_unavailable", "no"]);
    const { purchase } = await prepared(world);
    assert.equal(await world.provider.find(purchase), undefined);
    assert.equal(world.simulator.accounts.labelsBought, 0);
  });
});

Deno.test("find() returns no label only if EasyPost says so: every other answer is an error", async () => {
  const error = (status: number, code = "") => () => Response.json({ error: { code } }, { status });
  const cases: [() => Response, string][] = [
    [() => new Response("<html>"), "carrier_unavailable"],
    [() => new Response('{"id":"shp_1"'), "carrier_unavailable"],
    [() => Response.json({}), "carrier_unavailable"],
    [error(401, "UNAUTHORIZED"), "carrier_unavailable"],
    [error(403), "carrier_unavailable"],
    [error(500), "carrier_unavailable"],
    [error(429, "RATE_LIMITED"), "carrier_busy"],
    [error(503), "carrier_busy"],
    [error(422), "carrier_refused"],
  ];
  for (const [answer, code] of cases) {
    await withServer(answer, async (url) => {
      assert.deepEqual(await refusalOf(providerAt(url).find(KNOWN)), [code, "no"]);
    });
  }
  await withRudeServer(async (url) => {
    const found = providerAt(url).find(KNOWN);
    assert.deepEqual(await refusalOf(found), ["carrier_unavailable", "no"]);
  });
  await withSilentServer(async (url) => {
    const found = providerAt(url, { timeoutMs: 30 }).find(KNOWN);
    assert.deepEqual(await refusalOf(found), ["carrier_unavailable", "no"]);
  });
});

Deno.test("a label is drawn in the requested format, without a conversion", async () => {
  for (const label_format of ["PDF", "PNG", "ZPL"] as const) {
    await withEasyPost(async (world) => {
      const purchase = await buyLabel(world, { label_format });
      const { tracking_number, label_url, ...rest } = await world.provider.label(purchase);
      assert.deepEqual(rest, { label_format, label_expires_at: null });
      assert.match(label_url, new RegExp(`\\.${label_format.toLowerCase()}$`));
      assert.ok(tracking_number);
      assert.ok(!world.simulator.calls.some((call) => call.endsWith("/label")));
      const file = await fetch(label_url);
      assert.equal(file.status, 200);
      await file.body?.cancel();
    });
  }
});

Deno.test("a rate's label is drawn as PNG, which EasyPost converts, and is bought once", async () => {
  for (const [label_format, drawn] of [["PNG", 0], ["PDF", 1], ["ZPL", 1]] as const) {
    await withEasyPost(async (world) => {
      const { provider, simulator } = world;
      const request = { parcel: PARCEL, sender: SENDER, lineItemIds: [] };
      const [rate] = await provider.rates(orderToShip(), request);
      assert.ok(rate);
      const { service, carrier_shipment_id, carrier_rate_id } = rate;
      const chosen = { service, carrier_shipment_id, carrier_rate_id, label_format };
      const purchase = await buyLabel(world, chosen);
      assert.equal(simulator.state.all("shipments")[0]?.labelFormat, "PNG");
      const found = await provider.find(purchase);
      assert.equal(found?.label_format, "PNG", "the format is the drawn one");
      const label = await provider.label(purchase);
      assert.equal(label.label_format, label_format);
      assert.match(label.label_url, new RegExp(`\\.${label_format.toLowerCase()}$`));
      const conversions = () => simulator.calls.filter((call) => call.endsWith("/label")).length;
      assert.equal(conversions(), drawn);
      // A converted label is kept.
      assert.deepEqual(await provider.label(purchase), label);
      assert.equal((await provider.find(purchase))?.label_format, label_format);
      assert.equal(conversions(), drawn);
      assert.equal(simulator.accounts.labelsBought, 1);
    });
  }
});

Deno.test("a label that cannot be converted keeps its format", async () => {
  await withEasyPost(async (world) => {
    const purchase = await buyLabel(world, { label_format: "PDF" });
    const label = await world.provider.label({ ...purchase, label_format: "PNG" });
    assert.equal(label.label_format, "PDF");
    assert.match(label.label_url, /\.pdf$/);
    assert.ok(!world.simulator.calls.some((call) => call.endsWith("/label")));
  });
});

Deno.test("a label that another request converts meanwhile is found", async () => {
  await withEasyPost(async (world) => {
    const { provider, client, simulator: { faults } } = world;
    const purchase = await buyLabel(world, { label_format: "PNG" });
    faults.observe = async ({ path }) => {
      if (!path.endsWith("/label")) return;
      delete faults.observe;
      await client.convertLabel(purchase.carrier_shipment_id as string, "ZPL");
    };
    const label = await provider.label({ ...purchase, label_format: "ZPL" });
    assert.equal(label.label_format, "ZPL");
    assert.match(label.label_url, /\.zpl$/);
    assert.equal(faults.observe, undefined);
  });
});

Deno.test("a label without a URL is not ready", async () => {
  for (const postage_label of [null, {}, { label_url: null, label_file_type: "application/pdf" }]) {
    await withServer(() => Response.json({ id: "shp_1", postage_label }), async (url) => {
      assert.deepEqual(await refusalOf(providerAt(url).label(KNOWN)), ["label_not_ready", "no"]);
    });
  }
  await withEasyPost(async (world) => {
    const purchase = await buyLabel(world, { label_format: "PNG" });
    for (
      const [kind, code] of [["internal", "carrier_unavailable"], ["html", "carrier_busy"]] as const
    ) {
      world.simulator.faults.add({ kind, count: 1 });
      assert.deepEqual(await refusalOf(world.provider.label(purchase)), [code, "no"]);
      world.simulator.faults.add({ kind, path: /\/label$/, count: 1 });
      const converted = world.provider.label({ ...purchase, label_format: "ZPL" });
      assert.deepEqual(await refusalOf(converted), [code, "no"]);
    }
    assert.equal(world.simulator.accounts.labelsBought, 1);
  });
});

const refunds = ({ simulator }: EasyPostWorld) =>
  simulator.calls.filter((call) => call.endsWith("/refund")).length;

Deno.test("a void is requested once, and then read until the carrier has decided", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const purchase = await buyLabel(world);
    const requested = { state: "void_requested", reason: null };
    for (let i = 0; i < 3; i++) assert.deepEqual(await provider.void(purchase), requested);
    assert.equal(refunds(world), 1);
    await simulator.settleRefund(PURCHASE_ID, "refunded");
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await provider.void(purchase), { state: "voided", reason: null });
    }
    assert.equal(refunds(world), 1);
    assert.equal(simulator.accounts.charged, 0);
  });
});

Deno.test("a void that the carrier rejected is requested again", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const purchase = await buyLabel(world);
    simulator.behaviour.refundStatus = "rejected";
    const rejected = { state: "void_rejected", reason: "void_refused" };
    assert.deepEqual(await provider.void(purchase), rejected);
    assert.deepEqual(await provider.void(purchase), rejected);
    assert.equal(refunds(world), 2);
    simulator.behaviour.refundStatus = "refunded";
    assert.deepEqual(await provider.void(purchase), { state: "voided", reason: null });
    assert.deepEqual([refunds(world), simulator.accounts.charged], [3, 0]);
  });
});

Deno.test("a label that is billed when it is scanned counts as voided", async () => {
  await withEasyPost(async (world) => {
    const purchase = await buyLabel(world);
    world.simulator.behaviour.refundStatus = "not_applicable";
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await world.provider.void(purchase), {
        state: "voided",
        reason: "billed_when_scanned",
      });
    }
    assert.equal(refunds(world), 1);
  });
});

Deno.test("a parcel on its way is not voided, whether the carrier rejects or refuses the refund", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const purchase = await buyLabel(world);
    const { tracking_number } = await provider.label(purchase);
    simulator.changeTracker(tracking_number ?? "", "in_transit");
    simulator.behaviour.lateRefund = "refused";
    assert.deepEqual(await refusalOf(provider.void(purchase)), ["carrier_refused", "no"]);
    simulator.behaviour.lateRefund = "rejected";
    assert.equal((await provider.void(purchase)).state, "void_rejected");
    assert.ok(simulator.accounts.charged > 0);
  });
});

Deno.test("a void whose answer was lost is found, and not requested again", async () => {
  for (const kind of ["lost", "not_json", "truncated"] as const) {
    await withEasyPost(async (world) => {
      const { provider, simulator } = world;
      const purchase = await buyLabel(world);
      simulator.faults.add({ kind, path: /\/refund$/, count: 1 });
      assert.deepEqual(
        await refusalOf(provider.void(purchase)),
        ["carrier_unavailable", "no"],
        kind,
      );
      assert.deepEqual(await provider.void(purchase), { state: "void_requested", reason: null });
      assert.equal(refunds(world), 1, kind);
    });
  }
});

Deno.test("an unknown refund status is pending", async () => {
  const answer = () => Response.json({ id: "shp_1", refund_status: "pondered" });
  await withServer(answer, async (url, requests) => {
    assert.deepEqual(await providerAt(url).void(KNOWN), { state: "void_requested", reason: null });
    assert.deepEqual(requests.map(({ method }) => method), ["GET"]);
  });
});

Deno.test("track() returns the tracking update; without a tracker it is empty", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const purchase = await buyLabel(world);
    const { tracking_number } = await provider.label(purchase);
    assert.equal((await provider.track(purchase)).status, null);
    const estDeliveryDate = "2026-10-03T00:00:00Z";
    simulator.changeTracker(tracking_number ?? "", "out_for_delivery", { estDeliveryDate });
    assert.deepEqual(await provider.track(purchase), {
      status: "out_for_delivery",
      estimated_delivery: "2026-10-03",
      updated_at: "2026-09-21T14:13:20.000Z",
      scanned_at: "2026-09-21T14:13:20.000Z",
    });
  });
  await withServer(() => Response.json({ id: "shp_1" }), async (url) => {
    assert.deepEqual(await providerAt(url).track(KNOWN), {
      status: null,
      estimated_delivery: null,
      updated_at: null,
    });
  });
});
