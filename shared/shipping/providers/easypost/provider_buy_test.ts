import assert from "node:assert/strict";
import { type EasyPostWorld, prepared, withEasyPost } from "../../../../tests/support/easypost.ts";
import { withRudeServer, withServer } from "../../../../tests/support/local_server.ts";
import { labelErrorOf, purchaseOf, refusalOf } from "../../../../tests/support/purchases.ts";
import type { Fault } from "../../../../local/simulators/faults.ts";
import { EasyPostClient } from "./client.ts";
import { EasyPostProvider } from "./provider.ts";

const UNKNOWN = ["outcome_unknown", "unknown"];
const CHOICE = { carrier_shipment_id: "shp_1", carrier_rate_id: "rate_1", quoted_cost: "6.81" };

/** How many purchases have arrived at EasyPost, whatever became of them. */
function countBuys({ simulator }: EasyPostWorld): () => number {
  let buys = 0;
  simulator.faults.observe = ({ path, phase }) => {
    if (phase === "arrived" && path.endsWith("/buy")) buys++;
  };
  return () => buys;
}

const providerAt = (url: string, options = {}) =>
  new EasyPostProvider(new EasyPostClient({ apiKey: "k", apiUrl: url }, options));

Deno.test("buy() gives the label, its number and what the postage cost, and pays once", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const buys = countBuys(world);
    const { purchase, choice } = await prepared(world);
    const label = await provider.buy(purchase, choice);
    const { trackingCode, label: { id } } = simulator.state.all("shipments")[0]?.purchase ??
      assert.fail();
    assert.deepEqual(label, {
      carrier: "USPS",
      service_type: "GroundAdvantage",
      shipping_cost: "6.81",
      currency: "USD",
      estimated_delivery: null,
      tiktok_package_id: null,
      label_url: `${world.url}/labels/${id}.pdf`,
      label_format: "PDF",
      label_expires_at: null,
      tracking_number: trackingCode,
    });
    assert.equal(simulator.accounts.labels[0]?.rate, "USPS GroundAdvantage 6.81");
    assert.deepEqual([simulator.accounts.labelsBought, buys()], [1, 1]);
  });
});

Deno.test("buy() buys the rate of the choice, whatever the purchase says of a service", async () => {
  await withEasyPost(async (world) => {
    const { purchase, choice } = await prepared(world, { service: "UPSDAP/Ground" });
    const label = await world.provider.buy({ ...purchase, service: "cheapest" }, choice);
    assert.deepEqual([label.carrier, label.service_type, label.shipping_cost], [
      ...["UPSDAP", "Ground", "7.78"],
    ]);
  });
});

Deno.test("a second purchase is in doubt and not a failure, and finds the label of the first", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const { purchase, choice } = await prepared(world);
    const label = await provider.buy(purchase, choice);
    assert.deepEqual(await refusalOf(provider.buy(purchase, choice)), UNKNOWN);
    assert.deepEqual(await provider.find(purchase), label);
    assert.deepEqual([simulator.accounts.labelsBought, simulator.accounts.labels.length], [1, 1]);
  });
});

Deno.test("an answer that got lost after the purchase leaves it in doubt; it is not repeated, and found", async () => {
  const faults: Fault["kind"][] = ["not_json", "truncated", "lost"];
  for (const kind of faults) {
    await withEasyPost(async (world) => {
      const { provider, simulator } = world;
      const buys = countBuys(world);
      const { purchase, choice } = await prepared(world);
      simulator.faults.add({ kind, path: /\/buy$/ });
      assert.deepEqual(await refusalOf(provider.buy(purchase, choice)), UNKNOWN, kind);
      assert.deepEqual([buys(), simulator.accounts.labelsBought], [1, 1], kind);
      const found = await provider.find(purchase);
      assert.deepEqual([found?.shipping_cost, found?.carrier], ["6.81", "USPS"], kind);
      assert.ok(found?.label_url && found.tracking_number);
    });
  }
});

Deno.test("an error of EasyPost's own leaves the purchase in doubt, though nothing is found afterwards", async () => {
  const faults: Fault["kind"][] = ["internal", "html"];
  for (const kind of faults) {
    await withEasyPost(async (world) => {
      const { provider, simulator } = world;
      const buys = countBuys(world);
      const { purchase, choice } = await prepared(world);
      simulator.faults.add({ kind, path: /\/buy$/ });
      assert.deepEqual(await refusalOf(provider.buy(purchase, choice)), UNKNOWN, kind);
      assert.deepEqual([buys(), simulator.accounts.charged], [1, 0], kind);
      assert.equal(await provider.find(purchase), undefined);
    });
  }
});

Deno.test("who waits too long for a purchase is in doubt, whether it was made meanwhile or not", async () => {
  for (const [kind, labels] of [["late", 1], ["hang", 0]] as const) {
    await withEasyPost(async (world) => {
      const { provider, simulator } = world;
      const buys = countBuys(world);
      const { purchase, choice } = await prepared(world);
      simulator.faults.add({ kind, path: /\/buy$/ });
      const error = await labelErrorOf(provider.buy(purchase, choice));
      assert.deepEqual([error.code, error.bought], UNKNOWN, kind);
      assert.match(error.message, /did not answer within 250 ms/);
      assert.equal((await provider.find(purchase)) === undefined, labels === 0);
      assert.deepEqual([buys(), simulator.accounts.labelsBought], [1, labels], kind);
    }, { buyTimeoutMs: 250 });
  }
});

Deno.test("a carrier that did not answer EasyPost leaves the purchase in doubt", async () => {
  for (const code of ["SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE"] as const) {
    await withEasyPost(async (world) => {
      const { provider, simulator } = world;
      const { purchase, choice } = await prepared(world);
      simulator.behaviour.doubtfulBuys = [code];
      assert.deepEqual(await refusalOf(provider.buy(purchase, choice)), UNKNOWN, code);
      assert.equal((await provider.find(purchase))?.shipping_cost, "6.81");
      assert.equal(simulator.accounts.labelsBought, 1);
    });
  }
});

Deno.test("while a purchase is on its way another one is in doubt, and one label is paid", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const { purchase, choice } = await prepared(world);
    const arrived = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    simulator.faults.observe = async ({ path, phase }) => {
      if (!path.endsWith("/buy") || phase !== "arrived") return;
      simulator.faults.observe = () => {};
      arrived.resolve();
      await goOn.promise;
    };
    const first = provider.buy(purchase, choice);
    await arrived.promise;
    const second = await labelErrorOf(provider.buy(purchase, choice));
    assert.deepEqual([second.code, second.bought], UNKNOWN);
    assert.match(second.message, /SHIPMENT\.PURCHASE\.IN_PROGRESS/);
    goOn.resolve();
    assert.equal((await first).shipping_cost, "6.81");
    assert.equal(simulator.accounts.labelsBought, 1);
  });
});

Deno.test("every answer that does not say no leaves the purchase in doubt", async () => {
  const error = (code: string, status: number) => () =>
    Response.json({ error: { code } }, { status });
  const answers = [
    ...[200, 201, 202, 500, 502, 503, 504, 520].map((status) => () =>
      new Response("<html>", { status })
    ),
    () => new Response(null, { status: 204 }),
    () => Response.json({ id: "shp_1" }),
    () => Response.json({ id: "shp_1", postage_label: null }, { status: 201 }),
    () => Response.json({ id: "shp_1", postage_label: "https://label" }),
    () => Response.json([]),
    ...["SHIPMENT.POSTAGE.EXISTS", "SHIPMENT.PURCHASE.IN_PROGRESS", "SHIPMENT.POSTAGE.TIMED_OUT"]
      .flatMap((code) => [error(code, 422), error(code, 400)]),
    error("SHIPMENT.POSTAGE.NO_RESPONSE", 422),
    error("GATEWAY_TIMEOUT", 504),
    error("CONFLICT", 409),
    // What has no code is a proxy's word.
    ...[307, 400, 401, 403, 404, 408, 422, 429].map((status) => error("", status)),
    error("SERVICE_UNAVAILABLE", 503),
    error("INTERNAL_SERVER_ERROR", 500),
  ];
  for (const answer of answers) {
    await withServer(answer, async (url, requests) => {
      const bought = providerAt(url).buy(purchaseOf(), { service: "", currency: null, ...CHOICE });
      const what = `${answer().status} ${await answer().text()}`;
      assert.deepEqual(await refusalOf(bought), UNKNOWN, what);
      assert.equal(requests.length, 1, what);
    });
  }
  await withRudeServer(async (url, seen) => {
    const bought = providerAt(url).buy(purchaseOf(), { service: "", currency: null, ...CHOICE });
    assert.deepEqual(await refusalOf(bought), UNKNOWN);
    assert.equal(seen(), 1);
  });
});

Deno.test("an answer that says no bought nothing, and says why", async () => {
  const cases: [status: number, code: string, ours: string][] = [
    [402, "PAYMENT_REQUIRED", "funds_missing"],
    [402, "", "funds_missing"],
    [429, "RATE_LIMITED", "carrier_busy"],
    [422, "SHIPMENT.POSTAGE.FAILURE", "carrier_refused"],
    [422, "SHIPMENT.INVALID_RATE", "carrier_refused"],
    [400, "BAD_REQUEST", "carrier_refused"],
    [404, "NOT_FOUND", "carrier_refused"],
    [401, "UNAUTHORIZED", "carrier_unavailable"],
    [403, "FORBIDDEN", "carrier_unavailable"],
  ];
  for (const [status, code, ours] of cases) {
    await withServer(
      () => Response.json({ error: { code } }, { status }),
      async (url, requests) => {
        const bought = providerAt(url).buy(purchaseOf(), {
          service: "",
          currency: null,
          ...CHOICE,
        });
        assert.deepEqual(await refusalOf(bought), [ours, "no"], `${status} ${code}`);
        assert.equal(requests.length, 1);
      },
    );
  }
});

Deno.test("what the simulated EasyPost refuses is not paid, and not there afterwards", async () => {
  await withEasyPost(async (world) => {
    const { provider, simulator } = world;
    const { purchase, choice } = await prepared(world);
    simulator.faults.add({ kind: "rate_limit", path: /\/buy$/, retryAfterSeconds: 9, count: 1 });
    const busy = await labelErrorOf(provider.buy(purchase, choice));
    assert.deepEqual([busy.code, busy.bought, busy.retryAfterSeconds], ["carrier_busy", "no", 9]);
    simulator.accounts.balance = "6.81";
    assert.deepEqual(await refusalOf(provider.buy(purchase, choice)), ["funds_missing", "no"]);
    const other = { ...choice, carrier_rate_id: "rate_of_another" };
    assert.deepEqual(await refusalOf(provider.buy(purchase, other)), ["carrier_refused", "no"]);
    assert.equal(await provider.find(purchase), undefined);
    assert.equal(simulator.accounts.charged, 0);
    // With one cent more, EasyPost's fee, the very same is bought.
    simulator.accounts.balance = "6.82";
    assert.equal((await provider.buy(purchase, choice)).shipping_cost, "6.81");
  });
});

Deno.test("the price is the postage that was charged, else the rate's, else not told", async () => {
  const rate = { id: "rate_1", carrier: "USPS", service: "A", rate: "5.12000", currency: "USD" };
  const fee = (type: string, amount: string) => ({ type, amount });
  const cases: [Record<string, unknown>, string | null, string | null][] = [
    [
      { selected_rate: rate, fees: [fee("LabelFee", "0.01"), fee("PostageFee", "5.00")] },
      "5",
      "USD",
    ],
    [{ selected_rate: rate, fees: [fee("LabelFee", "0.01")] }, "5.12", "USD"],
    [{ selected_rate: rate, fees: null }, "5.12", "USD"],
    [{ selected_rate: rate, fees: [fee("PostageFee", "5.125")] }, "5.12", "USD"],
    [{}, null, null],
  ];
  for (const [fields, cost, currency] of cases) {
    const answer = () => Response.json({ id: "shp_1", postage_label: {}, ...fields });
    await withServer(answer, async (url) => {
      const choice = { service: "", currency: null, ...CHOICE };
      const label = await providerAt(url).buy(purchaseOf(), choice);
      assert.deepEqual([label.shipping_cost, label.currency], [cost, currency]);
    });
  }
});

Deno.test("a label that was bought is one, also where EasyPost leaves out all the rest", async () => {
  await withServer(() => Response.json({ id: "shp_1", postage_label: {} }), async (url) => {
    const choice = { service: "", currency: null, ...CHOICE };
    assert.deepEqual(await providerAt(url).buy(purchaseOf(), choice), {
      carrier: "unknown",
      service_type: "unknown",
      shipping_cost: null,
      currency: null,
      estimated_delivery: null,
      tiktok_package_id: null,
      label_url: null,
      label_format: "PNG",
      label_expires_at: null,
      tracking_number: null,
    });
  });
  const tracker = {
    tracking_code: "9400",
    carrier: "USPS",
    est_delivery_date: "2026-10-03T00:00:00Z",
  };
  await withServer(
    () => Response.json({ id: "shp_1", postage_label: {}, tracker }),
    async (url) => {
      const choice = { service: "", currency: null, ...CHOICE };
      const label = await providerAt(url).buy(purchaseOf(), choice);
      assert.deepEqual([label.carrier, label.tracking_number, label.estimated_delivery], [
        ...["USPS", "9400", "2026-10-03"],
      ]);
    },
  );
});
