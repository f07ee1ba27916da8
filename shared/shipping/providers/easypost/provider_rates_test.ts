import assert from "node:assert/strict";
import { withEasyPost } from "../../../../tests/support/easypost.ts";
import { withServer } from "../../../../tests/support/local_server.ts";
import {
  labelErrorOf,
  orderToShip,
  PARCEL,
  PURCHASE_ID,
  purchaseOf,
  refusalOf,
  SENDER,
} from "../../../../tests/support/purchases.ts";
import { EasyPostClient } from "./client.ts";
import { EasyPostError } from "./easypost_error.ts";
import { EasyPostProvider } from "./provider.ts";

const REQUEST = { parcel: PARCEL, sender: SENDER, lineItemIds: [] };

Deno.test("rates() returns every service of every carrier with its exact price, and buys nothing", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const rates = await provider.rates(orderToShip(), REQUEST);
    const [made, ...more] = simulator.state.all("shipments");
    assert.ok(made);
    assert.deepEqual(more, []);
    // The simulator's prices of a parcel of 2 pounds.
    const expected = [
      ["USPS", "Express", "USPS Express", "34.85", 1],
      ["USPS", "GroundAdvantage", "USPS Ground Advantage", "6.81", 4],
      ["UPSDAP", "2ndDayAir", "UPS 2nd Day Air", "18.59", 2],
      ["USPS", "Priority", "USPS Priority", "9.61", 2],
      ["UPSDAP", "Ground", "UPS Ground", "7.78", 5],
    ] as const;
    assert.deepEqual(
      rates,
      expected.map(([carrier, service, service_name, price, days], i) => ({
        carrier,
        service: `${carrier}/${service}`,
        service_name,
        price,
        currency: "USD",
        days_min: days,
        days_max: days,
        is_default: false,
        carrier_shipment_id: made.id,
        carrier_rate_id: made.rates[i]?.id,
      })),
    );
    assert.deepEqual([simulator.accounts.labelsBought, simulator.accounts.charged], [0, 0]);
  });
});

Deno.test("EasyPost gets both addresses, the parcel in inches and ounces, and no purchase id", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    await provider.rates(orderToShip(), REQUEST);
    const [made] = simulator.state.all("shipments");
    assert.ok(made);
    const { length, width, height, weight } = made.parcel;
    assert.deepEqual([length, width, height, weight], [9, 6, 5, 22.4]);
    const { street1, street2, zip, country, name } = made.toAddress;
    assert.deepEqual([name, street1, street2, zip, country], [
      ...["Rosa Delgado", "118 Alder Street", "Unit 4", "97205", "US"],
    ]);
    assert.deepEqual([made.fromAddress.name, made.fromAddress.zip], ["Ada's Mugs", "97209"]);
    // Two quotes are two shipments, with a reference each.
    await provider.rates(orderToShip(), REQUEST);
    const references = simulator.state.all("shipments").map(({ reference }) => reference);
    assert.equal(new Set(references).size, 2);
    assert.ok(references.every((reference) => reference !== null && reference !== PURCHASE_ID));
  });
});

Deno.test("a price with fractions of a cent is not offered, and one with trailing zeros is exact", async () => {
  const rate = { id: "rate_1", carrier: "USPS", service: "A", rate: "5.12000", currency: "USD" };
  const rates = [rate, { ...rate, id: "rate_2", service: "B", rate: "5.125" }];
  await withServer(() => Response.json({ id: "shp_1", rates }, { status: 201 }), async (url) => {
    const provider = new EasyPostProvider(new EasyPostClient({ apiKey: "k", apiUrl: url }));
    const [only, ...more] = await provider.rates(orderToShip(), REQUEST);
    assert.deepEqual([only?.service, only?.price, only?.days_min], ["USPS/A", "5.12", null]);
    assert.deepEqual(more, []);
  });
});

Deno.test("a parcel that no carrier takes is refused with the carriers' words", async () => {
  await withEasyPost(async ({ provider }) => {
    const order = orderToShip({ shipping_address: { line1: "1 High St", country: "GB" } });
    const calls = [
      () => provider.rates(order, REQUEST),
      () => provider.prepare(purchaseOf({ order })),
    ];
    for (const call of calls) {
      const { code, bought, cause, message } = await labelErrorOf(call());
      assert.deepEqual([code, bought], ["carrier_refused", "no"]);
      assert.ok(cause instanceof EasyPostError);
      assert.match(cause.words, /^USPS: Invalid to_address: city, state, zip missing\. UPSDAP: /);
      assert.doesNotMatch(message, /to_address/);
    }
  });
});

Deno.test("without a sender EasyPost is not called", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const rates = provider.rates(orderToShip(), { ...REQUEST, sender: null });
    assert.deepEqual(await refusalOf(rates), ["sender_required", "no"]);
    const prepared = provider.prepare(purchaseOf({ sender: null }));
    assert.deepEqual(await refusalOf(prepared), ["sender_required", "no"]);
    assert.equal(simulator.faults.seen, 0);
  });
});

Deno.test("a failure of the rates bought nothing, and its code says whose it is", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const expected = [
      ["internal", "carrier_unavailable"],
      ["html", "carrier_busy"],
      ["not_json", "carrier_unavailable"],
      ["truncated", "carrier_unavailable"],
      ["lost", "carrier_unavailable"],
    ] as const;
    for (const [kind, code] of expected) {
      simulator.faults.add({ kind, count: 1 });
      assert.deepEqual(await refusalOf(provider.rates(orderToShip(), REQUEST)), [code, "no"], kind);
    }
    simulator.faults.add({ kind: "rate_limit", retryAfterSeconds: 42, count: 1 });
    const busy = await labelErrorOf(provider.prepare(purchaseOf()));
    assert.deepEqual([busy.code, busy.bought, busy.retryAfterSeconds], ["carrier_busy", "no", 42]);
    const sender = { ...SENDER, country: "U" };
    const refused = provider.rates(orderToShip(), { ...REQUEST, sender });
    assert.deepEqual(await refusalOf(refused), ["carrier_refused", "no"]);
    assert.equal(simulator.accounts.labelsBought, 0);
  });
});

Deno.test("prepare() takes no refused carrier: not the cheapest, by name, or of a rate from before", async () => {
  await withEasyPost(async ({ provider }) => {
    const refused_carriers = ["USPS"];
    for (const service of ["cheapest", "default"]) {
      const choice = await provider.prepare(purchaseOf({ service, refused_carriers }));
      assert.equal(choice.service, "UPSDAP/Ground");
    }
    const [rate] = await provider.rates(orderToShip(), REQUEST);
    const refused = [
      { service: "USPS/Priority" },
      { service: "USPS/Express", carrier_shipment_id: rate?.carrier_shipment_id ?? null },
    ];
    for (const fields of refused) {
      const call = provider.prepare(purchaseOf({ ...fields, refused_carriers }));
      assert.deepEqual(await refusalOf(call), ["carrier_not_accepted", "no"]);
    }
    const all = purchaseOf({ refused_carriers: ["USPS", "UPS"] });
    assert.deepEqual(await refusalOf(provider.prepare(all)), ["no_carrier_accepted", "no"]);
  });
});

Deno.test("prepare() of a rate takes it from its own shipment, and makes no other", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const rates = await provider.rates(orderToShip(), REQUEST);
    for (
      const { service, carrier, carrier_shipment_id, carrier_rate_id, price, currency } of rates
    ) {
      const chosen = { service, carrier_shipment_id, carrier_rate_id, currency };
      const choice = await provider.prepare(purchaseOf({ ...chosen, quoted_cost: price }));
      assert.deepEqual(choice, { ...chosen, carrier, quoted_cost: price });
    }
    assert.equal(simulator.state.all("shipments").length, 1);
  });
});

Deno.test("prepare() of a service makes a shipment with our id and the wanted format, and finds its rate", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const wanted = [["UPSDAP/2ndDayAir", "18.59"], ["USPS/Priority", "9.61"]] as const;
    for (const [service, quoted_cost] of wanted) {
      const choice = await provider.prepare(purchaseOf({ service, label_format: "ZPL" }));
      const made = simulator.state.findShipment(PURCHASE_ID);
      assert.deepEqual([made?.id, made?.labelFormat], [choice.carrier_shipment_id, "ZPL"]);
      assert.ok(made?.rates.some(({ id }) => id === choice.carrier_rate_id));
      assert.deepEqual([choice.service, choice.quoted_cost, choice.currency], [
        ...[service, quoted_cost, "USD"],
      ]);
    }
    assert.equal(simulator.accounts.labelsBought, 0);
  });
});

Deno.test("the cheapest service is the one with the lowest amount, and not the first in the alphabet", async () => {
  await withEasyPost(async ({ provider }) => {
    const { service, quoted_cost } = await provider.prepare(purchaseOf());
    assert.deepEqual([service, quoted_cost], ["USPS/GroundAdvantage", "6.81"]);
  });
  const rate = (id: string, price: string) => (
    { id, carrier: "USPS", service: id, rate: price, currency: "USD" }
  );
  const rates = [rate("a", "10.00"), rate("b", "9.5"), rate("c", "9.49000"), rate("d", "100")];
  await withServer(() => Response.json({ id: "shp_1", rates }), async (url) => {
    const provider = new EasyPostProvider(new EasyPostClient({ apiKey: "k", apiUrl: url }));
    assert.equal((await provider.prepare(purchaseOf())).carrier_rate_id, "c");
    // EasyPost has no default.
    assert.equal((await provider.prepare(purchaseOf({ service: "default" }))).carrier_rate_id, "c");
  });
});

Deno.test("a service that is not offered is not replaced by another one", async () => {
  await withEasyPost(async ({ provider }) => {
    for (const service of ["FedEx/GROUND", "USPS", "USPS/priority", "Priority", ""]) {
      const prepared = provider.prepare(purchaseOf({ service }));
      assert.deepEqual(await refusalOf(prepared), ["service_unavailable", "no"], service);
    }
  });
});

Deno.test("a label that costs more now than the seller saw is not prepared; one that costs less is", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const prepare = (quoted_cost: string) => provider.prepare(purchaseOf({ quoted_cost }));
    for (const seen of ["6.80", "6.8", "0", "6"]) {
      assert.deepEqual(await refusalOf(prepare(seen)), ["price_changed", "no"], seen);
    }
    for (const seen of ["6.81", "6.81000", "7", "10.00"]) {
      assert.equal((await prepare(seen)).quoted_cost, "6.81", seen);
    }
    assert.equal(simulator.accounts.labelsBought, 0);
  });
});

Deno.test("a later attempt uses the stored shipment, and makes no other", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const first = await provider.prepare(purchaseOf());
    const { carrier_shipment_id } = first;
    for (const carrier_rate_id of [first.carrier_rate_id, null]) {
      const again = purchaseOf({ carrier_shipment_id, carrier_rate_id, attempt: 2 });
      assert.deepEqual(await provider.prepare(again), first);
    }
    assert.equal(simulator.state.all("shipments").length, 1);
  });
});

Deno.test("a stored shipment that EasyPost does not know is a refusal, and not replaced", async () => {
  await withEasyPost(async ({ provider, simulator }) => {
    const prepared = provider.prepare(purchaseOf({ carrier_shipment_id: "shp_gone" }));
    assert.deepEqual(await refusalOf(prepared), ["carrier_refused", "no"]);
    assert.deepEqual(simulator.state.all("shipments"), []);
  });
});
