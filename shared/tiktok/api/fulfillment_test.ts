import assert from "node:assert/strict";
import { withRudeServer, withServer } from "../../../tests/support/local_server.ts";
import { FIXTURE, page, readFixture, refusal } from "../../../tests/support/tiktok_stand_in.ts";
import { TikTokClient } from "./client.ts";
import { TikTokError } from "./errors.ts";
import {
  createPackage,
  getPackage,
  getShippingDocument,
  getShippingProviders,
  getShippingServices,
  markPackageAsShipped,
  shipPackage,
  updateShippingInfo,
} from "./fulfillment.ts";

const SHOP = { accessToken: "TTP_token", shopCipher: "cipher" };
const BASE = "/fulfillment/202309";
const UNITS = ["576461413038780001", "576461413038780002"];
const TRACKING = { tracking_number: "9400", shipping_provider_id: "7117858858072016686" };
const MEASURES = {
  dimension: { length: "9", width: "6", height: "5", unit: "INCH" },
  weight: { value: "1.4", unit: "POUND" },
};

type Call = (client: TikTokClient) => Promise<unknown>;

/** Calls that spend money or notify the buyer. */
const WRITES: Record<string, Call> = {
  create: (client) => createPackage(client, SHOP, "1", { order_line_item_ids: UNITS, ...MEASURES }),
  ship: (client) => shipPackage(client, SHOP, "2"),
  mark: (client) =>
    markPackageAsShipped(client, SHOP, "1", { ...TRACKING, order_line_item_ids: UNITS }),
  update: (client) => updateShippingInfo(client, SHOP, "2", TRACKING),
};

/** Calls that may be repeated. */
const REPEATABLE: Record<string, Call> = {
  services: (client) => getShippingServices(client, SHOP, "1", UNITS, MEASURES),
  package: (client) => getPackage(client, SHOP, "2"),
  document: (client) => getShippingDocument(client, SHOP, "2", { document_type: "SHIPPING_LABEL" }),
  providers: (client) => getShippingProviders(client, SHOP, "3", {}),
};

function clientOf(apiUrl: string, waits: number[] = []): TikTokClient {
  const config = { appKey: "key", appSecret: "top-secret", apiUrl, authUrl: "http://127.0.0.1:1" };
  return new TikTokClient(config, {
    timeoutMs: 60_000,
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  });
}

/** The result of a call for a response. */
async function answered(call: Call, answer: unknown): Promise<unknown> {
  let result: unknown;
  await withServer(() => Response.json(answer), async (url) => {
    result = await call(clientOf(url));
  });
  return result;
}

async function failed(call: Promise<unknown>): Promise<TikTokError> {
  const error = await call.then(() => undefined, (error) => error);
  assert.ok(error instanceof TikTokError, String(error));
  assert.doesNotMatch(error.message, /top-secret|TTP_token|sign=|http:/);
  return error;
}

Deno.test("every call has the path of TikTok's documentation, its body and its shop", async () => {
  const expected: Record<string, [string, unknown]> = {
    create: [`POST ${BASE}/packages`, { order_id: "1", order_line_item_ids: UNITS, ...MEASURES }],
    ship: [`POST ${BASE}/packages/2/ship`, {}],
    mark: [`POST ${BASE}/orders/1/packages`, { ...TRACKING, order_line_item_ids: UNITS }],
    services: [`POST ${BASE}/orders/1/shipping_services/query`, {
      order_line_item_ids: UNITS,
      ...MEASURES,
    }],
    package: [`GET ${BASE}/packages/2`, undefined],
    document: [`GET ${BASE}/packages/2/shipping_documents`, undefined],
    providers: ["GET /logistics/202309/delivery_options/3/shipping_providers", undefined],
    update: [`POST ${BASE}/packages/2/shipping_info/update`, TRACKING],
  };
  const data = { package_id: "2", doc_url: "https://example.invalid/" };
  await withServer(() => Response.json({ code: 0, data }), async (url, requests) => {
    for (const [name, call] of Object.entries({ ...WRITES, ...REPEATABLE })) {
      await call(clientOf(url));
      const [request, ...more] = requests.splice(0);
      assert.ok(request);
      const { method, body, url: { pathname, searchParams } } = request;
      const sent = body === "" ? undefined : JSON.parse(body);
      assert.deepEqual([`${method} ${pathname}`, sent], expected[name], name);
      assert.equal(searchParams.get("shop_cipher"), "cipher", name);
      assert.equal(searchParams.has("document_type"), name === "document");
      assert.deepEqual(more, []);
    }
  });
});

Deno.test("the seller's own tracking is sent to Ship Package as a self shipment", async () => {
  await withServer(() => Response.json({ code: 0, data: {} }), async (url, requests) => {
    assert.equal(await shipPackage(clientOf(url), SHOP, "2", TRACKING), undefined);
    assert.deepEqual(JSON.parse(requests[0]?.body ?? ""), { self_shipment: TRACKING });
  });
});

Deno.test("a call that spends money or notifies the buyer is sent once, with any response", async () => {
  const answers = [
    ...[200, 500, 502, 504].map((status) => page(status)),
    refusal(36009003),
    refusal(36009007, 500),
    refusal(21022025),
    () => new Response('{"code":0,"data":{'),
  ];
  for (const [name, call] of Object.entries(WRITES)) {
    for (const answer of answers) {
      await withServer(answer, async (url, requests) => {
        const waits: number[] = [];
        await failed(call(clientOf(url, waits)));
        assert.deepEqual([requests.length, waits], [1, []], name);
      });
    }
    await withRudeServer(async (url, seen) => {
      await failed(call(clientOf(url)));
      assert.equal(seen(), 1, name);
    });
  }
});

Deno.test("a call that was rate limited is retried, even if it spends money", async () => {
  for (const [name, call] of Object.entries({ ...WRITES, ...REPEATABLE })) {
    for (const answer of [refusal(36009002, 429), refusal(36009002)]) {
      await withServer(answer, async (url, requests) => {
        await failed(call(clientOf(url)));
        assert.equal(requests.length, 3, name);
      });
    }
  }
});

Deno.test("a repeatable call is retried when the next attempt may succeed", async () => {
  for (const [name, call] of Object.entries(REPEATABLE)) {
    for (const answer of [refusal(36009003), page(500), page(504)]) {
      await withServer(answer, async (url, requests) => {
        await failed(call(clientOf(url)));
        assert.equal(requests.length, 3, name);
      });
    }
    await withServer(refusal(21011044), async (url, requests) => {
      assert.equal((await failed(call(clientOf(url)))).code, 21011044);
      assert.equal(requests.length, 1, name);
    });
  }
});

Deno.test("the examples of TikTok's documentation are parsed", async () => {
  const services = await answered(REPEATABLE.services as Call, FIXTURE.services());
  assert.deepEqual(services, FIXTURE.services().data.shipping_services);
  const created = await answered(WRITES.create as Call, FIXTURE.created());
  assert.deepEqual(created, FIXTURE.created().data);
  assert.equal(await answered(WRITES.ship as Call, FIXTURE.shipped()), undefined);
  const document = await answered(REPEATABLE.document as Call, FIXTURE.document());
  assert.deepEqual(document, FIXTURE.document().data);
  const marked = readFixture("23-mark-package-as-shipped-with-warning");
  assert.deepEqual(await answered(WRITES.mark as Call, marked), marked.data);
  const providers = readFixture("24-shipping-providers");
  assert.deepEqual(
    await answered(REPEATABLE.providers as Call, providers),
    providers.data.shipping_providers,
  );
  assert.deepEqual(
    await answered(REPEATABLE.package as Call, FIXTURE.package()),
    FIXTURE.package().data,
  );
});

Deno.test("ids that are numbers keep every digit, and absent lists are empty", async () => {
  const text = '{"code":0,"data":{"package_id":1152300000000000003,"order_line_item_ids":' +
    '[576461413038780001],"later":{}}}';
  await withServer(() => new Response(text), async (url) => {
    const { package_id, order_line_item_ids } = await getPackage(clientOf(url), SHOP, "2");
    assert.deepEqual([package_id, order_line_item_ids], [
      "1152300000000000003",
      ["576461413038780001"],
    ]);
    assert.equal(
      (await createPackage(clientOf(url), SHOP, "1", {
        order_line_item_ids: UNITS,
        ...MEASURES,
      })).package_id,
      "1152300000000000003",
    );
  });
  for (const list of [undefined, null, [], ""]) {
    const data = { shipping_services: list, shipping_providers: list, order_line_item_ids: list };
    assert.deepEqual(await answered(REPEATABLE.services as Call, { code: 0, data }), []);
    assert.deepEqual(await answered(REPEATABLE.providers as Call, { code: 0, data }), []);
    const detail = await answered(REPEATABLE.package as Call, { code: 0, data });
    assert.deepEqual((detail as { order_line_item_ids: string[] }).order_line_item_ids, []);
  }
});

Deno.test("a success with malformed details is a success: the label was bought", async () => {
  const odd = {
    package_id: "2",
    shipping_service_info: { price: 5.12, latest_delivery_days: "5" },
    warning: "none",
  };
  const created = await answered(WRITES.create as Call, { code: 0, data: odd });
  assert.deepEqual((created as typeof odd).shipping_service_info, {
    price: null,
    latest_delivery_days: null,
  });
  const marked = await answered(WRITES.mark as Call, { code: 0, data: odd });
  assert.deepEqual(marked, { ...odd, warning: null });
});

Deno.test("what the columns of a label cannot hold counts as absent: money is spent already", async () => {
  const service = {
    id: "1",
    price: "9999999999999.99",
    currency: "US$",
    earliest_delivery_days: 2 ** 31,
    latest_delivery_days: Number.MAX_SAFE_INTEGER,
  };
  const expected = {
    ...service,
    price: null,
    currency: null,
    earliest_delivery_days: null,
    latest_delivery_days: null,
  };
  const created = await answered(WRITES.create as Call, {
    code: 0,
    data: { package_id: "2", shipping_service_info: service },
  });
  assert.deepEqual((created as Record<string, unknown>).shipping_service_info, expected);
  const data = { shipping_services: [service] };
  assert.deepEqual(await answered(REPEATABLE.services as Call, { code: 0, data }), [expected]);
});

Deno.test("one odd service or carrier is left out, and the others can be chosen", async () => {
  const services = { shipping_services: [{ name: "No id" }, { id: "1", name: "Ground" }, null] };
  const listed = await answered(REPEATABLE.services as Call, { code: 0, data: services });
  assert.deepEqual((listed as { id: string }[]).map(({ id }) => id), ["1"]);
  const providers = { shipping_providers: [{ id: "", name: "UPS" }, { id: "2", name: "USPS" }] };
  assert.deepEqual(await answered(REPEATABLE.providers as Call, { code: 0, data: providers }), [
    { id: "2", name: "USPS" },
  ]);
});

Deno.test("empty text is absent in every answer about packages", async () => {
  const detail = {
    package_id: "2",
    package_status: "",
    tracking_number: "",
    order_line_item_ids: "",
  };
  const read = await answered(REPEATABLE.package as Call, { code: 0, data: detail });
  assert.deepEqual(read, {
    package_id: "2",
    package_status: null,
    tracking_number: null,
    order_line_item_ids: [],
    orders: [],
  });
  const bought = { package_id: "2", shipping_service_info: { id: "", name: "", price: "" } };
  const created = await answered(WRITES.create as Call, { code: 0, data: bought });
  const { id, name, price } = (created as typeof bought).shipping_service_info;
  assert.deepEqual([id ?? null, name ?? null, price ?? null], [null, null, null]);
  const marked = await answered(WRITES.mark as Call, {
    code: 0,
    data: { package_id: "", warning: "" },
  });
  assert.equal((marked as { warning?: unknown }).warning ?? null, null);
});

Deno.test("a response without a required field is unreadable", async () => {
  const cases: [Call | undefined, unknown][] = [
    [WRITES.create, {}],
    [WRITES.create, { package_id: "" }],
    [REPEATABLE.document, {}],
    [REPEATABLE.document, { doc_url: "" }],
    [REPEATABLE.services, { shipping_services: "USPS" }],
    [REPEATABLE.providers, { shipping_providers: {} }],
    [REPEATABLE.package, null],
  ];
  for (const [call, data] of cases) {
    const error = await failed(answered(call as Call, { code: 0, data }));
    assert.match(error.message, /not readable/);
  }
});
