import assert from "node:assert/strict";
import { encrypt } from "../../../crypto/encryption.ts";
import { tokenContext } from "../../../tiktok/connections/encrypted_tokens.ts";
import type { OrderInParcel, Purchase } from "../../schemas.ts";
import { labelErrorOf, LINE_ITEMS, refusalOf } from "../../../../tests/support/purchases.ts";
import {
  CREATE,
  FIXTURE,
  ORDER_ID,
  ORDERS,
  orderWith,
  PACKAGE,
  PACKAGE_ID,
  packageWith,
  page,
  refusal,
  SHIP,
  withTikTok,
} from "../../../../tests/support/tiktok_stand_in.ts";

const UNKNOWN = ["outcome_unknown", "unknown"];
const ALREADY = [
  ...[21022025, 21008042, 21030005, 21030006],
  ...[21011006, 21011020, 21011027, 21011040, 21042056, 21008099, 11006021],
];

const CHOICE = {
  service: "7208000000000000001",
  carrier_shipment_id: null,
  carrier_rate_id: null,
  quoted_cost: "5.12",
  currency: "USD",
};

const PACKED = { package_id: PACKAGE_ID };

/** The fields of a label that TikTok has not drawn. */
const UNDRAWN = {
  label_url: null,
  label_expires_at: null,
  label_format: "PDF",
  tiktok_package_id: PACKAGE_ID,
};

Deno.test("buy() in the United States creates the package with its service, units and measures, once", async () => {
  await withTikTok({ [CREATE]: FIXTURE.created() }, async ({ provider, purchase, requests }) => {
    const before = Date.now();
    const { estimated_delivery, ...label } = await provider.buy(purchase(), CHOICE);
    assert.deepEqual(label, {
      carrier: "USPS",
      service_type: "USPS Ground Advantage",
      shipping_cost: "5.12",
      currency: "USD",
      tracking_number: null,
      ...UNDRAWN,
    });
    const inFiveDays = [before, Date.now()].map((time) =>
      new Date(time + 5 * 24 * 3600 * 1000).toISOString().slice(0, 10)
    );
    assert.ok(inFiveDays.includes(estimated_delivery ?? ""));
    const [request, ...more] = requests;
    assert.deepEqual(JSON.parse(request?.body ?? ""), {
      order_id: ORDER_ID,
      order_line_item_ids: LINE_ITEMS,
      shipping_service_id: "7208000000000000001",
      dimension: { length: "9", width: "6", height: "5", unit: "INCH" },
      weight: { value: "1.4", unit: "POUND" },
    });
    assert.deepEqual(more, []);
  });
});

const OTHER_ID = "576461413038785753";
const OTHER_UNIT = "576461413038790001";

/** A purchase for two combined orders. */
function combined(purchase: Purchase): Purchase {
  const [first] = purchase.orders as [OrderInParcel];
  const other = { ...first, tiktok_order_id: OTHER_ID, line_item_ids: [OTHER_UNIT] };
  return {
    ...purchase,
    line_item_ids: [...purchase.line_item_ids, OTHER_UNIT],
    orders: [first, other],
  };
}

Deno.test("buy() of combined orders creates one package for all of them, with version 202512", async () => {
  const create = "POST /fulfillment/202512/packages";
  await withTikTok({ [create]: FIXTURE.created() }, async ({ provider, purchase, requests }) => {
    const label = await provider.buy(combined(purchase()), CHOICE);
    assert.deepEqual([label.tiktok_package_id, label.shipping_cost], [PACKAGE_ID, "5.12"]);
    const [request, ...more] = requests;
    const { ship_type, order_id, order_list_ids, ...rest } = JSON.parse(request?.body ?? "");
    // TikTok's guide: "one order as the primary `order_id`", "the other combined order IDs in `order_list_ids`".
    assert.deepEqual([ship_type, order_id, order_list_ids], ["3", ORDER_ID, [OTHER_ID]]);
    assert.deepEqual(Object.keys(rest).sort(), ["dimension", "shipping_service_id", "weight"]);
    assert.deepEqual(more, []);
  });
  await withTikTok({ [create]: refusal(21011033) }, async ({ provider, purchase }) => {
    const bought = provider.buy(combined(purchase()), CHOICE);
    assert.deepEqual(await refusalOf(bought), ["order_combined", "no"]);
  });
});

Deno.test("a lost answer about combined orders is found once every live unit is in one package", async () => {
  const [first, second] = [orderWith(PACKED, PACKED), FIXTURE.order()];
  const other = { ...second.data.orders[0], id: OTHER_ID };
  const cases = [
    [{ package_id: PACKAGE_ID }, PACKAGE_ID],
    [{ package_id: "" }, "already_shipped"],
    [{ display_status: "CANCELLED" }, PACKAGE_ID],
  ] as const;
  for (const [unit, expected] of cases) {
    other.line_items = [{ id: OTHER_UNIT, ...unit }];
    const orders = { ...first, data: { orders: [...first.data.orders, other] } };
    const routes = { [ORDERS]: orders, [PACKAGE]: FIXTURE.package() };
    await withTikTok(routes, async ({ provider, purchase }) => {
      const found = await provider.find(combined(purchase())).catch((error) => error.code);
      assert.equal(found?.tiktok_package_id ?? found, expected);
    });
  }
});

Deno.test("the cost is the charged price, not the quoted one; without a statement it is null", async () => {
  const created = (info: unknown) => {
    const answer = FIXTURE.created();
    answer.data.shipping_service_info = info;
    return answer;
  };
  const dearer = { name: "Express", price: "9.9", currency: "USD", shipping_provider_name: "UPS" };
  const cases: [unknown, unknown[]][] = [
    [dearer, ["UPS", "Express", "9.90", "USD"]],
    [null, ["TikTok Shipping", "7208000000000000001", null, null]],
    ["none", ["TikTok Shipping", "7208000000000000001", null, null]],
    [{ ...dearer, price: "9.999" }, ["UPS", "Express", null, null]],
    [{ price: null, currency: "USD" }, ["TikTok Shipping", "7208000000000000001", null, null]],
  ];
  for (const [info, expected] of cases) {
    await withTikTok({ [CREATE]: created(info) }, async ({ provider, purchase }) => {
      const label = await provider.buy(purchase(), CHOICE);
      const { carrier, service_type, shipping_cost, currency } = label;
      assert.deepEqual([carrier, service_type, shipping_cost, currency], expected);
      assert.equal(label.tiktok_package_id, PACKAGE_ID);
    });
  }
});

Deno.test("a label that is bought already may be this purchase's: the outcome is unknown", async () => {
  const answers = [FIXTURE.boughtAlready(), ...ALREADY.map((code) => refusal(code))];
  for (const answer of answers) {
    await withTikTok({ [CREATE]: answer }, async ({ provider, purchase, calls }) => {
      assert.deepEqual(await refusalOf(provider.buy(purchase(), CHOICE)), UNKNOWN);
      assert.deepEqual(calls(), [CREATE]);
    });
  }
});

Deno.test("a broken or missing answer leaves the outcome unknown, and the call is sent once", async () => {
  const half = JSON.stringify(FIXTURE.created()).slice(0, 200);
  const answers = [
    ...[200, 500, 502, 504].map((status) => page(status)),
    () => new Response(half),
    () => Response.json({ code: 0, message: "Success", data: {} }),
    () => Response.json({ code: 0, message: "Success", data: null }),
    () => new Response(null, { status: 204 }),
    refusal(36009003),
    refusal(36009003, 500),
    refusal(36009007, 504),
    ...[11001027, 21001003, 21001011, 21022029].map((code) => refusal(code)),
  ];
  for (const answer of answers) {
    await withTikTok({ [CREATE]: answer }, async ({ provider, purchase, calls }) => {
      const what = `${answer().status} ${await answer().text()}`;
      assert.deepEqual(await refusalOf(provider.buy(purchase(), CHOICE)), UNKNOWN, what);
      assert.deepEqual(calls(), [CREATE], what);
    });
  }
});

Deno.test("a purchase that times out has an unknown outcome, and is sent once", async () => {
  const end = Promise.withResolvers<Response>();
  await withTikTok({ [CREATE]: () => end.promise }, async ({ provider, purchase, calls }) => {
    try {
      const error = await labelErrorOf(provider.buy(purchase(), CHOICE));
      assert.deepEqual([error.code, error.bought], UNKNOWN);
      assert.match(error.message, /within 100 ms/);
      assert.deepEqual(calls(), [CREATE]);
    } finally {
      end.resolve(new Response());
    }
  }, { timeoutMs: 100 });
});

Deno.test("a refusal by TikTok bought nothing, and has a code", async () => {
  const cases = [
    [21011044, "order_on_hold"],
    [21011041, "order_cancelled"],
    [21011046, "order_combined"],
    [21011007, "cancellation_requested"],
    [21008044, "cancellation_requested"],
    [21004008, "service_unavailable"],
    [21022026, "carrier_busy"],
    [11003011, "service_unavailable"],
    [21011029, "line_items_unknown"],
    [21008111, "order_not_found"],
    [21011048, "carrier_refused"],
    [105005, "permission_missing"],
    [101000, "carrier_refused"],
  ] as const;
  for (const [code, ours] of cases) {
    await withTikTok({ [CREATE]: refusal(code) }, async ({ provider, purchase, calls }) => {
      assert.deepEqual(await refusalOf(provider.buy(purchase(), CHOICE)), [ours, "no"], `${code}`);
      assert.deepEqual(calls(), [CREATE]);
    });
  }
});

Deno.test("a rate-limited purchase is sent again, and then left to the seller", async () => {
  for (const answer of [refusal(36009002, 429), refusal(36009037, 429)]) {
    await withTikTok({ [CREATE]: answer }, async ({ provider, purchase, calls }) => {
      const bought = provider.buy(purchase(), CHOICE);
      assert.deepEqual(await refusalOf(bought), ["carrier_busy", "no"]);
      assert.deepEqual(calls(), [CREATE, CREATE, CREATE]);
    });
  }
  const limited = refusal(36009002, 429, { "retry-after": "60" });
  await withTikTok({ [CREATE]: limited }, async ({ provider, purchase, calls }) => {
    const { retryAfterSeconds } = await labelErrorOf(provider.buy(purchase(), CHOICE));
    assert.deepEqual([retryAfterSeconds, calls()], [60, [CREATE]]);
  });
});

Deno.test("an expired token is refreshed, and the package created with the new one", async () => {
  const context = tokenContext("access_token", "7495540735365777507");
  const rpc = async (name: string, keys: Parameters<typeof encrypt>[0]) => {
    assert.equal(name, "lease_tiktok_login");
    const access_token = await encrypt(keys, "TTP_fresh", context);
    return { state: "fresh", access_token, token_version: 2 };
  };
  await withTikTok({ [CREATE]: refusal(105002, 401) }, async (world) => {
    const { provider, purchase, routes, requests } = world;
    routes[CREATE] = () => {
      const fresh = requests.at(-1)?.headers.get("x-tts-access-token") === "TTP_fresh";
      return fresh ? Response.json(FIXTURE.created()) : refusal(105002, 401)();
    };
    const label = await provider.buy(purchase(), CHOICE);
    assert.equal(label.tiktok_package_id, PACKAGE_ID);
    const tokens = requests.map(({ headers }) => headers.get("x-tts-access-token"));
    assert.deepEqual(tokens, ["TTP_token", "TTP_fresh"]);
  }, { rpc });
});

Deno.test("buy() elsewhere arranges the existing package, without a price", async () => {
  const waiting = { ...PACKED, package_status: "TO_FULFILL" };
  const routes = {
    [ORDERS]: orderWith(waiting, waiting),
    [PACKAGE]: packageWith({ tracking_number: "" }),
    [SHIP]: FIXTURE.shipped(),
  };
  await withTikTok(routes, async ({ provider, purchase, requests, calls }) => {
    const label = await provider.buy(purchase({ service: "tiktok" }, "GB"), CHOICE);
    assert.deepEqual(label, {
      carrier: "TikTok Shipping",
      service_type: "tiktok",
      shipping_cost: null,
      currency: null,
      estimated_delivery: null,
      tracking_number: null,
      ...UNDRAWN,
    });
    assert.deepEqual(calls(), [ORDERS, PACKAGE, SHIP]);
    assert.equal(requests[2]?.body, "{}");
  });
});

Deno.test("elsewhere units without a package, in several or in a shared one are not arranged", async () => {
  const cases = [
    [[{}, {}], {}, "order_changed"],
    [[{ package_id: "" }, { package_id: null }], {}, "order_changed"],
    [[{ id: "1" }, { id: "2" }], {}, "order_changed"],
    [[PACKED, { package_id: "2" }], {}, "line_items_split"],
    [[PACKED, { package_id: "2", package_status: "TO_FULFILL" }], {}, "line_items_split"],
    [[PACKED, { package_id: "2", package_status: "PROCESSING" }], {}, "already_shipped"],
    [[PACKED, { package_id: "2", tracking_number: "9400" }], {}, "already_shipped"],
    [[PACKED, {}], {}, "line_items_split"],
    [[PACKED, PACKED], { order_line_item_ids: [...LINE_ITEMS, "3"] }, "line_items_combined"],
  ] as const;
  for (const [units, detail, code] of cases) {
    const routes = { [ORDERS]: orderWith(...units), [PACKAGE]: packageWith(detail) };
    await withTikTok(routes, async ({ provider, purchase, calls }) => {
      const bought = provider.buy(purchase({}, "GB"), CHOICE);
      assert.deepEqual(await refusalOf(bought), [code, "no"]);
      assert.ok(!calls().includes(SHIP));
    });
  }
});

Deno.test("elsewhere a lost answer leaves the outcome unknown, and a refusal bought nothing", async () => {
  const cases = [
    ...ALREADY.map((code) => [refusal(code), UNKNOWN] as const),
    [page(504), UNKNOWN] as const,
    [refusal(36009003), UNKNOWN] as const,
    [refusal(21011044), ["order_on_hold", "no"]] as const,
    [refusal(21004019), ["carrier_refused", "no"]] as const,
  ];
  for (const [answer, expected] of cases) {
    const routes = {
      [ORDERS]: orderWith(PACKED, PACKED),
      [PACKAGE]: FIXTURE.package(),
      [SHIP]: answer,
    };
    await withTikTok(routes, async ({ provider, purchase, calls }) => {
      assert.deepEqual(await refusalOf(provider.buy(purchase({}, "GB"), CHOICE)), expected);
      assert.equal(calls().filter((call) => call === SHIP).length, 1);
    });
  }
});

Deno.test("elsewhere an order that cannot be read means that nothing was arranged", async () => {
  for (
    const [answer, code] of [[page(504), "tiktok_unavailable"], [
      refusal(36009002, 429),
      "carrier_busy",
    ]] as const
  ) {
    await withTikTok({ [ORDERS]: answer }, async ({ provider, purchase }) => {
      assert.deepEqual(await refusalOf(provider.buy(purchase({}, "GB"), CHOICE)), [code, "no"]);
    });
  }
});
