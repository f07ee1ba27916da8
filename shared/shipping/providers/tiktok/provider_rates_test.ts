import assert from "node:assert/strict";
import {
  labelErrorOf,
  LINE_ITEMS,
  orderToShip,
  PARCEL,
  refusalOf,
  SENDER,
} from "../../../../tests/support/purchases.ts";
import {
  FIXTURE,
  page,
  refusal,
  SERVICES,
  withTikTok,
} from "../../../../tests/support/tiktok_stand_in.ts";

const REQUEST = { parcel: PARCEL, sender: SENDER, lineItemIds: LINE_ITEMS };

const MEASURES = {
  dimension: { length: "9", width: "6", height: "5", unit: "INCH" },
  weight: { value: "1.4", unit: "POUND" },
};

/** The fixture's services, changed one by one. */
function services(...changes: Record<string, unknown>[]) {
  const answer = FIXTURE.services();
  const [first] = answer.data.shipping_services;
  answer.data.shipping_services = changes.map((change) => ({ ...first, ...change }));
  return answer;
}

Deno.test("rates() in the United States are TikTok's services with their prices and days", async () => {
  await withTikTok({ [SERVICES]: FIXTURE.services() }, async ({ provider, order, requests }) => {
    const nothing = { carrier_shipment_id: null, carrier_rate_id: null };
    assert.deepEqual(await provider.rates(order(), REQUEST), [{
      carrier: "USPS",
      service: "7208000000000000001",
      service_name: "USPS Ground Advantage",
      price: "5.12",
      currency: "USD",
      days_min: 2,
      days_max: 5,
      is_default: true,
      ...nothing,
    }, {
      carrier: "UPS",
      service: "7208000000000000002",
      service_name: "UPS Ground Saver",
      price: "6.03",
      currency: "USD",
      days_min: 3,
      days_max: 6,
      is_default: false,
      ...nothing,
    }]);
    const [request, ...more] = requests;
    assert.deepEqual(JSON.parse(request?.body ?? ""), {
      order_line_item_ids: LINE_ITEMS,
      ...MEASURES,
    });
    assert.equal(request?.headers.get("x-tts-access-token"), "TTP_token");
    assert.equal(request?.url.searchParams.get("shop_cipher"), "cipher");
    assert.deepEqual(more, []);
  });
});

Deno.test("rates() of some units requests these alone", async () => {
  await withTikTok({ [SERVICES]: FIXTURE.services() }, async ({ provider, order, requests }) => {
    await provider.rates(order(), { ...REQUEST, lineItemIds: ["576461413038780002"] });
    const { order_line_item_ids } = JSON.parse(requests[0]?.body ?? "");
    assert.deepEqual(order_line_item_ids, ["576461413038780002"]);
  });
});

Deno.test("an invalid price, or one without a currency, is null; a missing name is replaced", async () => {
  const changes = [
    { price: null },
    { price: "5.125" },
    { price: "free" },
    { currency: null },
    { currency: "" },
    { price: "5.1000", earliest_delivery_days: null, latest_delivery_days: -1, is_default: null },
    { name: "", shipping_provider_name: null, later: {} },
  ];
  await withTikTok({ [SERVICES]: services(...changes) }, async ({ provider, order }) => {
    const rates = await provider.rates(order(), REQUEST);
    for (const rate of rates.slice(0, 5)) {
      assert.deepEqual([rate.price, rate.currency], [null, null]);
    }
    const { price, currency, days_min, days_max, is_default } = rates[5] ?? assert.fail();
    assert.deepEqual([price, currency, days_min, days_max, is_default], [
      ...["5.10", "USD", null, null, false],
    ]);
    assert.deepEqual([rates[6]?.service_name, rates[6]?.carrier], [
      ...["7208000000000000001", "TikTok Shipping"],
    ]);
  });
});

Deno.test("elsewhere TikTok chooses the carrier, has no prices, and is not called", async () => {
  for (const region of ["GB", "DE", "ID", "BR"]) {
    await withTikTok({}, async ({ provider, order, calls }) => {
      const [rate, ...more] = await provider.rates(order(region), REQUEST);
      assert.deepEqual([rate?.service, rate?.price, rate?.currency, rate?.is_default], [
        ...["tiktok", null, null, true],
      ]);
      assert.deepEqual([more, calls()], [[], []]);
    });
  }
});

Deno.test("a failure of the rates bought nothing, and its code says whose it is", async () => {
  const cases = [
    [refusal(21011044), "order_on_hold", 1],
    [refusal(21022026), "carrier_busy", 1],
    [refusal(36009002, 429), "carrier_busy", 3],
    [page(503), "tiktok_unavailable", 3],
    [refusal(36009003, 500), "tiktok_unavailable", 3],
    [page(502), "tiktok_unavailable", 3],
    [page(200), "tiktok_unavailable", 1],
    [refusal(21001001), "carrier_refused", 1],
    [refusal(105005, 401), "permission_missing", 1],
  ] as const;
  for (const [answer, code, times] of cases) {
    await withTikTok({ [SERVICES]: answer }, async ({ provider, order, requests }) => {
      const what = await answer().text();
      assert.deepEqual(await refusalOf(provider.rates(order(), REQUEST)), [code, "no"], what);
      assert.equal(requests.length, times, what);
    });
  }
  const limited = refusal(36009002, 429, { "retry-after": "42" });
  await withTikTok({ [SERVICES]: limited }, async ({ provider, order, requests }) => {
    const { code, retryAfterSeconds } = await labelErrorOf(provider.rates(order(), REQUEST));
    assert.deepEqual([code, retryAfterSeconds, requests.length], ["carrier_busy", 42, 1]);
  });
});

Deno.test("without a connected shop TikTok is not called", async () => {
  await withTikTok({}, async ({ provider, purchase, calls }) => {
    const order = orderToShip();
    const alone = purchase({ order });
    const bought = provider.buy(alone, {
      ...{ service: "x", quoted_cost: null, currency: null },
      ...{ carrier_shipment_id: null, carrier_rate_id: null },
    });
    for (
      const call of [bought, provider.find(alone), provider.label(alone), provider.void(alone)]
    ) {
      assert.deepEqual(await refusalOf(call), ["shop_not_connected", "no"]);
    }
    assert.deepEqual(calls(), []);
  });
});

Deno.test("prepare() of a rate that the seller saw takes its price without a call", async () => {
  await withTikTok({}, async ({ provider, purchase, calls }) => {
    const seen = { service: "7208000000000000002", quoted_cost: "6.03", currency: "USD" };
    assert.deepEqual(await provider.prepare(purchase(seen)), {
      ...seen,
      carrier: null,
      carrier_shipment_id: null,
      carrier_rate_id: null,
    });
    assert.deepEqual(calls(), []);
  });
});

Deno.test("prepare() of a service finds its price; default is TikTok's, cheapest the lowest amount", async () => {
  const priced = services(
    { id: "a", price: "10.00", is_default: false },
    { id: "b", price: "9.50", is_default: true },
    { id: "c", price: "9.49", is_default: false },
    { id: "d", price: null, is_default: false },
  );
  await withTikTok({ [SERVICES]: priced }, async ({ provider, purchase }) => {
    const cases = [["a", "a", "10"], ["default", "b", "9.50"], ["cheapest", "c", "9.49"]] as const;
    for (const [service, chosen, price] of cases) {
      const choice = await provider.prepare(purchase({ service }));
      assert.deepEqual([choice.service, choice.quoted_cost, choice.currency], [
        ...[chosen, price, "USD"],
      ]);
    }
    for (const service of ["e", "", "USPS", "tiktok"]) {
      const prepared = provider.prepare(purchase({ service }));
      assert.deepEqual(await refusalOf(prepared), ["service_unavailable", "no"], service);
    }
  });
});

Deno.test("without a TikTok default the cheapest is taken; without services none", async () => {
  const noDefault = services(
    { id: "a", price: "10", is_default: false },
    { id: "b", price: "9", is_default: false },
  );
  await withTikTok({ [SERVICES]: noDefault }, async ({ provider, purchase }) => {
    assert.equal((await provider.prepare(purchase({ service: "default" }))).service, "b");
  });
  await withTikTok({ [SERVICES]: services() }, async ({ provider, purchase }) => {
    for (const service of ["default", "cheapest"]) {
      const prepared = provider.prepare(purchase({ service }));
      assert.deepEqual(await refusalOf(prepared), ["service_unavailable", "no"]);
    }
  });
});

Deno.test("elsewhere default, cheapest and TikTok's choice are the one service", async () => {
  await withTikTok({}, async ({ provider, purchase }) => {
    for (const service of ["default", "cheapest", "tiktok"]) {
      const choice = await provider.prepare(purchase({ service }, "GB"));
      assert.deepEqual([choice.service, choice.quoted_cost], ["tiktok", null]);
    }
    const other = provider.prepare(purchase({}, "GB"));
    assert.deepEqual(await refusalOf(other), ["service_unavailable", "no"]);
  });
});

Deno.test("ZPL is for Brazil alone, and elsewhere refused before any call", async () => {
  await withTikTok({}, async ({ provider, purchase, calls }) => {
    for (const region of ["US", "GB", "ID", null]) {
      const prepared = provider.prepare(purchase({ label_format: "ZPL" }, region));
      assert.deepEqual(await refusalOf(prepared), ["label_format_unavailable", "no"]);
    }
    const brazil = purchase({ label_format: "ZPL", service: "default" }, "BR");
    assert.equal((await provider.prepare(brazil)).service, "tiktok");
    assert.deepEqual(calls(), []);
  });
});
