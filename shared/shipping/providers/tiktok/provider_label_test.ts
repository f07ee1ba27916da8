import assert from "node:assert/strict";
import { refusalOf } from "../../../../tests/support/purchases.ts";
import {
  DOCUMENT,
  FIXTURE,
  ORDERS,
  orderWith,
  PACKAGE,
  PACKAGE_ID,
  packageWith,
  page,
  refusal,
  withTikTok,
} from "../../../../tests/support/tiktok_stand_in.ts";

const PACKED = { package_id: PACKAGE_ID };
const BOUGHT = { tiktok_package_id: PACKAGE_ID };
const DAY_MS = 24 * 3600 * 1000;

Deno.test("find() adopts the package that the order's units are in", async () => {
  const routes = { [ORDERS]: orderWith(PACKED, PACKED), [PACKAGE]: FIXTURE.package() };
  await withTikTok(routes, async ({ provider, purchase, calls, requests }) => {
    assert.deepEqual(await provider.find(purchase()), {
      carrier: "USPS",
      service_type: "7208000000000000001",
      shipping_cost: null,
      currency: null,
      estimated_delivery: null,
      tracking_number: "9400100000000000000002",
      label_url: null,
      label_expires_at: null,
      label_format: "PDF",
      tiktok_package_id: PACKAGE_ID,
    });
    assert.deepEqual(calls(), [ORDERS, PACKAGE]);
    assert.equal(requests[0]?.url.searchParams.get("ids"), "576461413038785752");
  });
  const bare = packageWith({ shipping_provider_name: null, tracking_number: "" });
  await withTikTok({ ...routes, [PACKAGE]: bare }, async ({ provider, purchase }) => {
    const found = await provider.find(purchase());
    assert.deepEqual([found?.carrier, found?.tracking_number], ["TikTok Shipping", null]);
  });
});

Deno.test("units without a package, or in one that was cancelled, have no label", async () => {
  for (const unit of [{}, { package_id: "" }, { package_id: null }]) {
    await withTikTok({ [ORDERS]: orderWith(unit, unit) }, async ({ provider, purchase, calls }) => {
      assert.equal(await provider.find(purchase()), undefined);
      assert.deepEqual(calls(), [ORDERS]);
    });
  }
  const cancelled = packageWith({ package_status: "CANCELLED" });
  const routes = { [ORDERS]: orderWith(PACKED, PACKED), [PACKAGE]: cancelled };
  await withTikTok(routes, async ({ provider, purchase }) => {
    assert.equal(await provider.find(purchase()), undefined);
  });
});

Deno.test("find() reads only the purchase's own units", async () => {
  const routes = { [ORDERS]: orderWith({}, PACKED), [PACKAGE]: FIXTURE.package() };
  await withTikTok(routes, async ({ provider, purchase }) => {
    const find = (unit: string) => provider.find(purchase({ line_item_ids: [unit] }));
    assert.equal(await find("576461413038780001"), undefined);
    assert.equal((await find("576461413038780002"))?.tiktok_package_id, PACKAGE_ID);
  });
});

Deno.test("units that were split over packages were shipped elsewhere", async () => {
  for (const other of [{}, { package_id: "2" }]) {
    await withTikTok({ [ORDERS]: orderWith(PACKED, other) }, async ({ provider, purchase }) => {
      assert.deepEqual(await refusalOf(provider.find(purchase())), ["already_shipped", "no"]);
    });
  }
});

Deno.test("elsewhere units in several packages have no label until one of them is arranged", async () => {
  const other = { package_id: "2", package_status: "TO_FULFILL" };
  await withTikTok({ [ORDERS]: orderWith(PACKED, other) }, async ({ provider, purchase }) => {
    assert.equal(await provider.find(purchase({}, "GB")), undefined);
  });
  const arranged = { ...other, package_status: "PROCESSING" };
  await withTikTok({ [ORDERS]: orderWith(PACKED, arranged) }, async ({ provider, purchase }) => {
    assert.deepEqual(await refusalOf(provider.find(purchase({}, "GB"))), ["already_shipped", "no"]);
  });
});

Deno.test("elsewhere the package exists before its label: only an arranged one counts", async () => {
  const cases = [
    [{}, false],
    [{ package_status: "TO_FULFILL" }, false],
    [{ package_status: "TO_FULFILL", tracking_number: "" }, false],
    [{ package_status: "PROCESSING" }, true],
    [{ tracking_number: "9400" }, true],
    [{ package_status: "TO_FULFILL", tracking_number: "9400" }, true],
  ] as const;
  for (const [fields, arranged] of cases) {
    const unit = { ...PACKED, ...fields };
    const routes = { [ORDERS]: orderWith(unit, unit), [PACKAGE]: FIXTURE.package() };
    await withTikTok(routes, async ({ provider, purchase }) => {
      const found = await provider.find(purchase({}, "GB"));
      assert.equal(found !== undefined, arranged, JSON.stringify(fields));
    });
  }
});

Deno.test("find() returns no label only if TikTok says so: every other answer is an error", async () => {
  const noOrder = FIXTURE.order();
  noOrder.data.orders = [];
  const unlisted = FIXTURE.order();
  delete unlisted.data.orders[0].line_items;
  const orders = [
    [page(504), "tiktok_unavailable"],
    [page(200), "tiktok_unavailable"],
    [page(503), "tiktok_unavailable"],
    [refusal(36009003), "tiktok_unavailable"],
    [refusal(36009002, 429), "carrier_busy"],
    [() => Response.json(noOrder), "tiktok_unavailable"],
    [() => Response.json(unlisted), "order_changed"],
    [() => Response.json(orderWith({ id: "1" }, { id: "2" })), "order_changed"],
  ] as const;
  for (const [answer, code] of orders) {
    await withTikTok({ [ORDERS]: answer }, async ({ provider, purchase, calls }) => {
      for (const region of ["US", "GB"]) {
        const found = provider.find(purchase({}, region));
        assert.deepEqual(await refusalOf(found), [code, "no"], await answer().text());
      }
      assert.ok(calls().every((call) => call === ORDERS));
    });
  }
  for (
    const [answer, code] of [[page(504), "tiktok_unavailable"], [
      refusal(36009002, 429),
      "carrier_busy",
    ]] as const
  ) {
    const routes = { [ORDERS]: orderWith(PACKED, PACKED), [PACKAGE]: answer };
    await withTikTok(routes, async ({ provider, purchase }) => {
      assert.deepEqual(await refusalOf(provider.find(purchase())), [code, "no"]);
    });
  }
});

Deno.test("label() returns TikTok's link in the requested format, valid for a day", async () => {
  const formats = [
    ["PDF", { document_type: "SHIPPING_LABEL" }],
    ["PNG", { document_type: "SHIPPING_LABEL_PICTURE" }],
    ["ZPL", { document_type: "SHIPPING_LABEL", document_format: "ZPL" }],
  ] as const;
  for (const [label_format, query] of formats) {
    await withTikTok(
      { [DOCUMENT]: FIXTURE.document() },
      async ({ provider, purchase, requests }) => {
        const before = Date.now();
        const label = await provider.label(purchase({ ...BOUGHT, label_format }));
        const { label_expires_at, ...rest } = label;
        assert.deepEqual(rest, {
          label_url: FIXTURE.document().data.doc_url,
          label_format,
          tracking_number: "9400100000000000000002",
        });
        const lives = Date.parse(label_expires_at ?? "") - DAY_MS;
        assert.ok(lives >= before && lives <= Date.now());
        const sent = Object.fromEntries(requests[0]?.url.searchParams ?? []);
        for (const name of ["app_key", "shop_cipher", "sign", "timestamp"]) delete sent[name];
        assert.deepEqual(sent, query);
      },
    );
  }
});

Deno.test("a label that TikTok is still drawing is not ready", async () => {
  const answers = [
    FIXTURE.notReady(),
    ...[11034037, 11034023, 11006010, 21042104, 21023035].map((code) => refusal(code)),
  ];
  for (const answer of answers) {
    await withTikTok({ [DOCUMENT]: answer }, async ({ provider, purchase, calls }) => {
      const label = provider.label(purchase(BOUGHT));
      assert.deepEqual(await refusalOf(label), ["label_not_ready", "no"]);
      assert.deepEqual(calls(), [DOCUMENT]);
    });
  }
  const nothing = () => Response.json({ code: 0, message: "Success", data: { doc_url: "" } });
  const cases = [
    [nothing, "tiktok_unavailable"],
    [page(502), "tiktok_unavailable"],
    [page(503), "tiktok_unavailable"],
    [refusal(21042102), "label_gone"],
    [refusal(21023046), "label_gone"],
    [refusal(21023059), "label_voided"],
    [refusal(21008043), "fulfilled_by_tiktok"],
    [refusal(10006402), "permission_missing"],
  ] as const;
  for (const [answer, code] of cases) {
    await withTikTok({ [DOCUMENT]: answer }, async ({ provider, purchase }) => {
      assert.deepEqual(await refusalOf(provider.label(purchase(BOUGHT))), [code, "no"]);
    });
  }
});

Deno.test("void() only reads whether the seller has cancelled the label in Seller Center", async () => {
  const sellerCenter = { state: "void_rejected", reason: "void_in_seller_center" };
  const cases = [
    ["CANCELLED", { state: "voided", reason: null }],
    ["PROCESSING", sellerCenter],
    ...["FULFILLING", "COMPLETED"].map((status) =>
      [status, { state: "void_rejected", reason: "already_underway" }] as const
    ),
    ["cancelled", sellerCenter],
    [null, sellerCenter],
  ] as const;
  for (const [package_status, expected] of cases) {
    await withTikTok({ [PACKAGE]: packageWith({ package_status }) }, async (world) => {
      const { provider, purchase, calls } = world;
      assert.deepEqual(await provider.void(purchase(BOUGHT)), expected);
      assert.deepEqual(calls(), [PACKAGE]);
    });
  }
  await withTikTok({ [PACKAGE]: page(504) }, async ({ provider, purchase }) => {
    const voided = provider.void(purchase(BOUGHT));
    assert.deepEqual(await refusalOf(voided), ["tiktok_unavailable", "no"]);
  });
});

Deno.test("track() says when a package is on its way and when it has arrived", async () => {
  const expected = [
    ["PROCESSING", null],
    ["FULFILLING", "in_transit"],
    ["COMPLETED", "delivered"],
    ["CANCELLED", null],
    ["NEW_WORD", null],
    [null, null],
  ] as const;
  for (const [package_status, status] of expected) {
    const routes = { [PACKAGE]: packageWith({ package_status }) };
    await withTikTok(routes, async ({ provider, purchase }) => {
      assert.deepEqual(await provider.track(purchase(BOUGHT)), {
        status,
        estimated_delivery: null,
        updated_at: null,
      });
    });
  }
});
