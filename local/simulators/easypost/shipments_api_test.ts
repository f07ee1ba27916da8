/** The simulated Shipments API: a label is sold once, for money; EasyPost's refusals. */
import assert from "node:assert/strict";
import {
  type Answer,
  Caller,
  KEY,
  NOW,
  type Rated,
  shipmentOf,
} from "../../../tests/support/easypost_caller.ts";

const UNTOUCHED = ["1000.00", 0, 0];

function code({ status, body }: Answer): [number, string] {
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.ok(Array.isArray(body.error.errors) && typeof body.error.message === "string");
  return [status, body.error.code];
}

Deno.test("only the key as user name with an empty password is authorized", async () => {
  const { simulator } = new Caller();
  const authorizations = [
    undefined,
    `Bearer ${KEY}`,
    `Basic ${btoa("EZTKother:")}`,
    `Basic ${btoa(KEY)}`,
    `Basic ${btoa(`${KEY}:password`)}`,
  ];
  for (const authorization of authorizations) {
    const response = await simulator.fetch(
      new Request("http://easypost/v2/shipments", {
        method: "POST",
        headers: { ...(authorization && { authorization }) },
        body: JSON.stringify({ shipment: shipmentOf() }),
      }),
    );
    const answer = { status: response.status, body: await response.json() };
    assert.deepEqual(code(answer), [401, "UNAUTHORIZED"], authorization);
  }
  assert.deepEqual(simulator.calls, []);
  assert.deepEqual(simulator.state.all("shipments"), []);
});

Deno.test("a body that is not declared as JSON makes nothing", async () => {
  const { simulator } = new Caller();
  const post = async (body: string, contentType: string) => {
    const headers = { authorization: `Basic ${btoa(`${KEY}:`)}`, "content-type": contentType };
    const init = { method: "POST", headers, body };
    const response = await simulator.fetch(new Request("http://easypost/v2/shipments", init));
    return code({ status: response.status, body: await response.json() });
  };
  const good = JSON.stringify({ shipment: shipmentOf() });
  for (const type of ["application/x-www-form-urlencoded", "text/plain"]) {
    assert.deepEqual(await post(good, type), [422, "PARAMETER.REQUIRED"], type);
  }
  assert.deepEqual(simulator.state.all("shipments"), []);
});

Deno.test("a new shipment has unsorted rates by weight, and no label", async () => {
  const caller = new Caller();
  const { status, body } = await caller.create({ reference: "order-1" });
  assert.equal(status, 201);
  assert.match(body.id, /^shp_[0-9a-f]{32}$/);
  assert.deepEqual(
    [body.object, body.mode, body.reference, body.status],
    ["Shipment", "test", "order-1", "unknown"],
  );
  const unbought = ["selected_rate", "postage_label", "tracking_code", "tracker", "refund_status"];
  for (const field of unbought) assert.equal(body[field], null, field);
  assert.deepEqual([body.fees, body.messages], [[], []]);
  assert.match(body.parcel.id, /^prcl_/);
  assert.equal(body.parcel.weight, 15.4);
  assert.equal(body.created_at, "2026-09-21T14:13:20Z");
  const rates: Rated[] = body.rates;
  assert.deepEqual(
    new Set(rates.map((rate) => rate.service)),
    new Set(["GroundAdvantage", "Priority", "Express", "Ground", "2ndDayAir"]),
  );
  for (const rate of rates) assert.match(rate.rate, /^\d+\.\d\d$/);
  const amounts = rates.map((rate) => Number(rate.rate));
  const sorted = amounts.toSorted((a, b) => a - b);
  assert.notDeepEqual(amounts, sorted);
  assert.notDeepEqual(amounts, sorted.toReversed());

  const amountsAt = async (weight: unknown) =>
    (await caller.create({ parcel: { weight } })).body.rates.map((rate: Rated) =>
      Number(rate.rate)
    );
  assert.deepEqual(await amountsAt("15.4"), amounts);
  const heavier: number[] = await amountsAt(64);
  assert.ok(heavier.every((amount, i) => amount > (amounts[i] ?? Infinity)));
  assert.deepEqual(caller.money(), UNTOUCHED);
  assert.equal((await new Caller({ apiKey: "EZAKreal" }).create()).body.mode, "production");
});

Deno.test("a shipment without address, parcel or weight is refused", async () => {
  const caller = new Caller();
  const refusals: [Record<string, unknown>, string, string[]][] = [
    [{ to_address: undefined }, "SHIPMENT.INVALID_PARAMS", ["to_address"]],
    [{ from_address: {}, to_address: { country: "US" } }, "SHIPMENT.INVALID_PARAMS", [
      "to_address",
      "from_address",
    ]],
    [{ parcel: {} }, "SHIPMENT.INVALID_PARAMS", ["parcel"]],
    [{ parcel: { weight: 0 } }, "PARCEL.PARAMETERS.INVALID", ["weight"]],
    [{ parcel: { length: 3 } }, "PARCEL.PARAMETERS.INVALID", ["weight"]],
    [{ parcel: { weight: "heavy", width: -1 } }, "PARCEL.PARAMETERS.INVALID", ["width", "weight"]],
    [{ to_address: { street1: "1 First St", country: "USA" } }, "ADDRESS.COUNTRY.INVALID", [
      "country",
    ]],
    [{ to_address: { street1: "1 First St", verify_strict: true } }, "ADDRESS.VERIFY.FAILURE", [
      "city",
      "state",
      "zip",
    ]],
    [{ options: { label_format: "GIF" } }, "SHIPMENT.OPTIONS.INVALID", ["label_format"]],
  ];
  for (const [fields, expected, wrong] of refusals) {
    const answer = await caller.create(fields);
    assert.deepEqual(code(answer), [422, expected], JSON.stringify(fields));
    assert.deepEqual(
      answer.body.error.errors.map((error: { field: string }) => error.field),
      wrong,
    );
  }
  assert.deepEqual(code(await caller.post("/v2/shipments", {})), [422, "PARAMETER.REQUIRED"]);
  assert.deepEqual(code(await caller.post("/v2/shipments", [])), [422, "PARAMETER.REQUIRED"]);
  assert.deepEqual(code(await caller.post("/v2/shipments", "x")), [400, "BAD_REQUEST"]);
  assert.deepEqual(caller.simulator.state.all("shipments"), []);
});

Deno.test("an address with an emoji is refused", async () => {
  const caller = new Caller();
  const to_address = shipmentOf().to_address as object;
  const answer = await caller.create({ to_address: { ...to_address, name: "Rosa 💸" } });
  assert.deepEqual(code(answer), [422, "ADDRESS.PARAMETERS.INVALID_CHARACTER"]);
  const { status } = await caller.create({ to_address: { ...to_address, name: "Rosa Núñez ❤" } });
  assert.equal(status, 201);
});

Deno.test("a carrier that does not take the parcel offers no rates, with the reason", async () => {
  const caller = new Caller();
  const heavy = (await caller.create({ parcel: { weight: 71 * 16 } })).body;
  assert.deepEqual(
    new Set(heavy.rates.map((rate: { carrier: string }) => rate.carrier)),
    new Set(["UPSDAP"]),
  );
  assert.deepEqual(heavy.messages.map((message: { carrier: string }) => message.carrier), ["USPS"]);
  const vague = (await caller.create({ to_address: { street1: "1 First St", city: "Reno" } })).body;
  assert.deepEqual(vague.rates, []);
  assert.match(vague.messages[0].message, /to_address: state, zip missing/);
});

Deno.test("a label is bought once, and costs its postage and the label fee", async () => {
  const caller = new Caller();
  const { id, rates } = (await caller.create({ reference: "order-1" })).body;
  const rate = rates.find((candidate: Rated) => candidate.service === "Priority");
  const { status, body } = await caller.buy(id, "Priority");
  assert.equal(status, 200);
  assert.deepEqual([body.selected_rate.id, body.selected_rate.rate], [rate.id, "8.19"]);
  assert.match(body.tracking_code, /^94001\d{17}$/);
  assert.match(body.postage_label.id, /^pl_/);
  assert.deepEqual(
    [body.postage_label.label_file_type, body.postage_label.label_size],
    ["image/png", "4x6"],
  );
  assert.deepEqual(
    body.fees.map((fee: { type: string; amount: string }) => [fee.type, fee.amount]),
    [["LabelFee", "0.01000"], ["PostageFee", "8.19000"]],
  );
  assert.deepEqual(
    [body.tracker.tracking_code, body.tracker.shipment_id, body.tracker.status],
    [body.tracking_code, id, "unknown"],
  );
  const paid = ["991.80", 1, 820];
  assert.deepEqual(caller.money(), paid);
  assert.deepEqual(caller.simulator.accounts.labels, [{
    shipmentId: id,
    reference: "order-1",
    rate: "USPS Priority 8.19",
    cents: 820,
    adjustedCents: 0,
    refunded: false,
  }]);

  assert.deepEqual(code(await caller.buy(id, "Express")), [422, "SHIPMENT.POSTAGE.EXISTS"]);
  assert.deepEqual(caller.money(), paid);
  assert.deepEqual((await caller.get(`/v2/shipments/${id}`)).body, body);
});

Deno.test("nothing is bought without a rate of the shipment or without the money", async () => {
  const caller = new Caller();
  const other = (await caller.create()).body.rates[0].id;
  const { id } = (await caller.create()).body;
  const buy = (body: unknown) => caller.post(`/v2/shipments/${id}/buy`, body);
  assert.deepEqual(code(await buy({})), [422, "PARAMETER.REQUIRED"]);
  assert.deepEqual(code(await buy({ rate: { id: other } })), [422, "SHIPMENT.INVALID_RATE"]);
  const unknown = await caller.post("/v2/shipments/shp_unknown/buy", { rate: { id: other } });
  assert.deepEqual(code(unknown), [404, "NOT_FOUND"]);
  assert.deepEqual(caller.money(), UNTOUCHED);

  caller.simulator.accounts.balance = "8.19";
  assert.deepEqual(code(await caller.buy(id, "Priority")), [402, "PAYMENT_REQUIRED"]);
  assert.deepEqual(caller.money(), ["8.19", 0, 0]);
  assert.equal((await caller.get(`/v2/shipments/${id}`)).body.postage_label, null);
  caller.simulator.accounts.balance = "8.20";
  assert.equal((await caller.buy(id, "Priority")).status, 200);
  assert.deepEqual(caller.money(), ["0.00", 1, 820]);
});

Deno.test("a second purchase is refused while the first one is in progress", async () => {
  for (const kind of ["delay", "late"] as const) {
    const caller = new Caller();
    const { faults, accounts } = caller.simulator;
    const { id } = (await caller.create({ reference: "order-1" })).body;
    let arrived = () => {};
    const held = new Promise<void>((resolve) => arrived = resolve);
    faults.observe = ({ path, phase }) => {
      if (path.endsWith("/buy") && phase === (kind === "late" ? "executed" : "arrived")) arrived();
    };
    faults.add({ method: "POST", path: /\/buy$/, kind, delayMs: 60_000, count: 1 });
    const first = caller.buy(id);
    await held;
    assert.deepEqual(code(await caller.buy("order-1")), [422, "SHIPMENT.PURCHASE.IN_PROGRESS"]);
    assert.equal(accounts.labelsBought, kind === "late" ? 1 : 0);
    faults.close();
    assert.equal((await first).status, 200);
    assert.deepEqual(code(await caller.buy(id)), [422, "SHIPMENT.POSTAGE.EXISTS"]);
    assert.equal(accounts.labelsBought, 1);
  }
});

Deno.test("a doubtful purchase answers an error, and its label is bought", async () => {
  const caller = new Caller();
  caller.simulator.behaviour.doubtfulBuys = [
    "SHIPMENT.POSTAGE.TIMED_OUT",
    "SHIPMENT.POSTAGE.NO_RESPONSE",
  ];
  const doubtful = [];
  for (const reference of ["order-1", "order-2"]) {
    await caller.create({ reference });
    doubtful.push(code(await caller.buy(reference)));
    const { body } = await caller.get(`/v2/shipments/${reference}`);
    assert.ok(body.tracking_code && body.postage_label.label_url);
  }
  assert.deepEqual(doubtful, [
    [422, "SHIPMENT.POSTAGE.TIMED_OUT"],
    [422, "SHIPMENT.POSTAGE.NO_RESPONSE"],
  ]);
  assert.equal(caller.simulator.accounts.labelsBought, 2);
  assert.equal((await caller.bought()).object, "Shipment");
});

Deno.test("shipments are found by id and by reference, the newest first", async () => {
  const caller = new Caller();
  const older = (await caller.create({ reference: "a/b 1" })).body.id;
  const newer = (await caller.create({ reference: "a/b 1" })).body.id;
  const byReference = await caller.get(`/v2/shipments/${encodeURIComponent("a/b 1")}`);
  assert.equal(byReference.body.id, newer);
  assert.equal((await caller.get(`/v2/shipments/${older}`)).body.id, older);
  assert.deepEqual(code(await caller.get("/v2/shipments/unknown")), [404, "NOT_FOUND"]);
  assert.deepEqual(code(await caller.get("/v2/nothing")), [404, "NOT_FOUND"]);
});

Deno.test("a label is drawn in the requested format, and its file can be read", async () => {
  const publicUrl = "http://127.0.0.1:9/simulators/easypost";
  const caller = new Caller({ publicUrl });
  const options = { label_format: "PDF" };
  const { postage_label, tracking_code } = await caller.bought({ options });
  const { label_url, label_zpl_url, label_file_type } = postage_label;
  assert.equal(label_url, `${publicUrl}/labels/${postage_label.id}.pdf`);
  assert.deepEqual([label_zpl_url, label_file_type], [null, "application/pdf"]);
  const read = async (url: string) => {
    const response = await caller.simulator.fetch(new Request(url.replace(publicUrl, "http://x")));
    return [response.status, response.headers.get("content-type"), await response.text()];
  };
  assert.deepEqual((await read(label_url)).slice(0, 2), [200, "application/pdf"]);
  assert.match(String((await read(label_url))[2]), new RegExp(`^%PDF-[^]*${tracking_code}`));
  assert.equal((await read(label_url.replace(".pdf", ".zpl")))[0], 404);
  const other = new Caller();
  const png = (await other.bought()).postage_label.label_url;
  assert.match(png, /^http:\/\/easypost\/labels\/pl_[0-9a-f]{32}\.png$/);
  const response = await other.simulator.fetch(new Request(png));
  assert.equal(response.headers.get("content-type"), "image/png");
  assert.deepEqual([...(await response.bytes()).slice(1, 4)], [0x50, 0x4e, 0x47]);
});

Deno.test("a PNG label is converted into each other format once, and labels in other formats are not", async () => {
  const caller = new Caller();
  const { id, postage_label: { label_url: png } } = await caller.bought();
  const convert = (format: string, shipment = id) =>
    caller.get(`/v2/shipments/${shipment}/label?file_format=${format}`);
  const zpl = png.replace(".png", ".zpl");
  assert.equal((await convert("zpl")).body.postage_label.label_zpl_url, zpl);
  const file = await caller.simulator.fetch(new Request(zpl));
  assert.deepEqual([file.status, file.headers.get("content-type")], [200, "application/zpl"]);
  await file.body?.cancel();
  const pdf = await caller.bought({ options: { label_format: "PDF" } });
  const refused = [convert("ZPL"), convert("PNG"), convert("GIF"), convert("PNG", pdf.id)];
  for (const answer of await Promise.all(refused)) {
    assert.deepEqual(code(answer), [422, "SHIPMENT.POSTAGE.INVALID_FORMAT"]);
  }
  const unbought = await caller.create({ reference: "unbought" });
  assert.equal(unbought.status, 201);
  assert.deepEqual(code(await convert("ZPL", "unbought")), [422, "SHIPMENT.POSTAGE.REQUIRED"]);
});

Deno.test("shipments and balance survive a restart", async () => {
  const journalPath = await Deno.makeTempFile();
  const before = new Caller({ journalPath });
  before.simulator.accounts.balance = "50.00";
  const { id } = await before.bought({ reference: "order-1" });
  await before.post(`/v2/shipments/${id}/refund`);
  await before.simulator.settleRefund(id, "refunded");
  const kept = await before.bought({ reference: "order-2" });
  before.now += 1000;
  before.simulator.changeTracker(kept.tracking_code, "in_transit");
  const [money, { labels }] = [before.money(), before.simulator.accounts];
  before.simulator.close();
  await Deno.writeTextFile(journalPath, '["shipments","shp_', { append: true });

  const after = new Caller({ journalPath });
  assert.deepEqual(after.money(), money);
  assert.deepEqual(after.simulator.accounts.labels, labels);
  const { body } = await after.get("/v2/shipments/order-2");
  assert.deepEqual([body.id, body.status, body.tracker.updated_at], [
    kept.id,
    "in_transit",
    new Date(NOW + 1000).toISOString().replace(".000", ""),
  ]);
  assert.deepEqual(code(await after.buy("order-2")), [422, "SHIPMENT.POSTAGE.EXISTS"]);
  after.simulator.close();
  await Deno.remove(journalPath);
});
