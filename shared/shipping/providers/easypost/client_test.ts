import assert from "node:assert/strict";
import { withEasyPost } from "../../../../tests/support/easypost.ts";
import {
  type Answer,
  withRudeServer,
  withServer,
  withSilentServer,
} from "../../../../tests/support/local_server.ts";
import { shipmentOf } from "../../../../tests/support/easypost_caller.ts";
import { EasyPostClient, type NewShipment } from "./client.ts";
import { EasyPostError } from "./easypost_error.ts";
import { toPurchaseError } from "./errors.ts";

const KEY = "EZTKtop-s3cret";

const SHIPMENT = shipmentOf({
  reference: "0b5f2c1e",
  options: { label_format: "PNG" },
}) as unknown as NewShipment;

type Call = (client: EasyPostClient) => Promise<unknown>;

const CALLS = {
  create: (client) => client.createShipment(SHIPMENT),
  get: (client) => client.getShipment("shp_1"),
  buy: (client) => client.buyShipment("shp_1", "rate_1"),
  convert: (client) => client.convertLabel("shp_1", "ZPL"),
  refund: (client) => client.refundShipment("shp_1"),
  track: (client) => client.createTracker({ tracking_code: "1Z", carrier: "UPS" }),
  tracker: (client) => client.getTracker("trk_1"),
} satisfies Record<string, Call>;

/** Longer than any test. */
const PATIENT = { timeoutMs: 60_000, buyTimeoutMs: 60_000 };

function clientOf(url: string, options = PATIENT): EasyPostClient {
  return new EasyPostClient({ apiKey: KEY, apiUrl: `${url}/v2` }, options);
}

/** The error of a call; it has no key, no address and no URL. */
async function errorOf(call: Promise<unknown>): Promise<EasyPostError> {
  const error = await call.then(() => undefined, (error) => error);
  assert.ok(error instanceof EasyPostError, String(error));
  const text = `${error.message} ${error.stack} ${error.cause ?? ""} ${JSON.stringify(error)}`;
  const secrets = [KEY, btoa(`${KEY}:`), "First St", "Ada", "94107", "4155550100", "127.0.0.1:"];
  for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in ${text}`);
  assert.doesNotMatch(error.message, /http:|shp_1|rate_1/);
  return error;
}

/** The error that each call makes of an answer, which it requests once. */
async function eachCall(
  answer: Answer,
  check: (error: EasyPostError, name: string) => void,
): Promise<void> {
  await withServer(answer, async (url, requests) => {
    for (const [name, call] of Object.entries(CALLS)) {
      check(await errorOf(call(clientOf(url))), name);
      assert.equal(requests.splice(0).length, 1, name);
    }
  });
}

const shipment = (fields: Record<string, unknown> = {}) =>
  Response.json({ id: "shp_1", ...fields });

Deno.test("every call has the path of EasyPost's documentation, the key as Basic user, and JSON", async () => {
  const expected: Record<keyof typeof CALLS, [string, string, string]> = {
    create: ["POST", "/v2/shipments", JSON.stringify({ shipment: SHIPMENT })],
    get: ["GET", "/v2/shipments/shp_1", ""],
    buy: ["POST", "/v2/shipments/shp_1/buy", '{"rate":{"id":"rate_1"}}'],
    convert: ["GET", "/v2/shipments/shp_1/label?file_format=ZPL", ""],
    refund: ["POST", "/v2/shipments/shp_1/refund", "{}"],
    track: ["POST", "/v2/trackers", '{"tracker":{"tracking_code":"1Z","carrier":"UPS"}}'],
    tracker: ["GET", "/v2/trackers/trk_1", ""],
  };
  await withServer(() => shipment(), async (url, requests) => {
    for (const [name, call] of Object.entries(CALLS)) {
      await call(clientOf(url));
      const [request, ...more] = requests.splice(0);
      assert.ok(request);
      const { method, url: { pathname, search }, body, headers } = request;
      assert.deepEqual(
        [method, pathname + search, body],
        expected[name as keyof typeof CALLS],
        name,
      );
      assert.equal(headers.get("authorization"), `Basic ${btoa(`${KEY}:`)}`);
      assert.equal(headers.get("content-type"), "application/json");
      assert.deepEqual(more, []);
    }
  });
});

Deno.test("a body beyond ASCII arrives unchanged, and an id stays one segment of the path", async () => {
  await withServer(() => shipment(), async (url, requests) => {
    const client = clientOf(url);
    const to_address = { name: "Zoë 東京", street1: "Straße 7" };
    await client.createShipment({ ...SHIPMENT, to_address });
    assert.deepEqual(JSON.parse(requests[0]?.body ?? "").shipment.to_address, to_address);
    await client.getShipment("../shp_2?x=1#é");
    assert.equal(requests[1]?.url.pathname, "/v2/shipments/..%2Fshp_2%3Fx%3D1%23%C3%A9");
    assert.equal(requests[1]?.url.search, "");
  });
});

Deno.test("the simulated EasyPost answers every call, and the client reads the answers", async () => {
  await withEasyPost(async ({ client, simulator }) => {
    const { id, rates } = await client.createShipment(SHIPMENT);
    assert.equal((await client.getShipment("0b5f2c1e")).id, id);
    const bought = await client.buyShipment(id, rates[0]?.id ?? "");
    assert.equal(bought.selected_rate?.id, rates[0]?.id);
    const converted = await client.convertLabel(id, "ZPL");
    assert.match(converted.postage_label?.label_zpl_url ?? "", /\.zpl$/);
    assert.equal((await client.refundShipment(id)).refund_status, "submitted");
    assert.equal(simulator.accounts.labelsBought, 1);
  }, PATIENT);
});

Deno.test("a shipment needs only its id; other unreadable fields are left out", async () => {
  const rate = {
    id: "rate_1",
    carrier: "USPS",
    service: "Priority",
    rate: "5.12",
    currency: "USD",
  };
  const odd = {
    rates: [rate, { ...rate, rate: "free" }, { ...rate, id: "" }, null, "rate", {
      ...rate,
      currency: "dollars",
    }],
    selected_rate: { rate: 5 },
    tracker: "none",
    fees: [{ type: "PostageFee", amount: 5 }],
    later: { x: 1 },
  };
  await withServer(() => shipment(odd), async (url) => {
    const read = await clientOf(url).getShipment("shp_1");
    assert.deepEqual(read.rates, [rate]);
    assert.deepEqual([read.selected_rate, read.tracker, read.fees], [null, null, []]);
  });
  const days = { ...rate, delivery_days: "soon" };
  await withServer(() => shipment({ rates: [days] }), async (url) => {
    const [read] = (await clientOf(url).getShipment("shp_1")).rates;
    assert.equal(read?.delivery_days, null);
  });
  const checkUnreadable = (error: EasyPostError) => {
    assert.deepEqual([error.status, error.code], [200, ""]);
    assert.match(error.message, /^EasyPost's answer is not readable/);
  };
  for (const fields of [{ id: "" }, { id: 7 }]) {
    await eachCall(() => shipment(fields), checkUnreadable);
  }
  for (const fields of [{ rates: "none" }, { postage_label: "url" }]) {
    await withServer(() => shipment(fields), async (url) => {
      checkUnreadable(await errorOf(clientOf(url).getShipment("shp_1")));
    });
  }
});

Deno.test("an answer without JSON is an error with its status, even 200", async () => {
  const page = "<html>Ada, 1 First St, 94107</html>";
  const truncated = '{"id":"shp_1","to_address":{"street1":"1 First St"';
  for (const text of [page, truncated, "", "shp_1"]) {
    for (const status of [200, 201, 404, 503]) {
      await eachCall(() => new Response(text, { status }), (error) => {
        assert.deepEqual([error.status, error.code], [status, ""]);
        assert.equal(error.message, `EasyPost answered HTTP ${status} without JSON`);
      });
    }
  }
  await eachCall(() => new Response(null, { status: 204 }), (error) => {
    assert.equal(error.status, 204);
  });
});

Deno.test("attack: EasyPost's words about a person and a key are for the seller only, without the key", async () => {
  const refusals: [number, string][] = [
    [402, "PAYMENT_REQUIRED"],
    [422, "SHIPMENT.POSTAGE.FAILURE"],
    [422, "ADDRESS.VERIFY.FAILURE"],
    [503, "SERVICE_UNAVAILABLE"],
  ];
  for (const [status, code] of refusals) {
    const error = {
      code,
      message: `Ada at 1 First St, 94107, with ${KEY}`,
      errors: [{ field: "street1", message: "1 First St is unknown" }],
    };
    await eachCall(() => Response.json({ error }, { status }), (thrown) => {
      assert.deepEqual([thrown.status, thrown.code], [status, code]);
      assert.equal(thrown.message, `EasyPost answered HTTP ${status} ${code}`);
      assert.match(
        thrown.words,
        /^Ada at 1 First St, 94107, with \[\.\.\.\] street1 1 First St is/,
      );
      assert.doesNotMatch(Deno.inspect(thrown, { showHidden: true }), /First St/);
      assert.equal(thrown.retryAfterSeconds, undefined);
    });
  }
});

Deno.test("an error without a code has an empty one", async () => {
  const bodies = [null, {}, [], { error: null }, { error: "1 First St" }, { error: { code: 7 } }];
  for (const body of bodies) {
    await eachCall(() => Response.json(body, { status: 422 }), (error) => {
      assert.deepEqual([error.status, error.code], [422, ""]);
      assert.equal(error.message, "EasyPost answered HTTP 422");
    });
  }
});

Deno.test("Retry-After is kept in seconds, an hour at most, with and without JSON", async () => {
  const waits: [string, number | undefined][] = [
    ["7", 7],
    ["0.2", 1],
    ["99999", 3600],
    ["0", undefined],
    ["-5", undefined],
    ["soon", undefined],
    ["", undefined],
  ];
  for (const [header, seconds] of waits) {
    const init = { status: 429, headers: { "retry-after": header } };
    for (const body of ['{"error":{"code":"RATE_LIMITED"}}', "<html>"]) {
      await withServer(() => new Response(body, init), async (url, requests) => {
        const error = await errorOf(CALLS.buy(clientOf(url)));
        assert.deepEqual([error.status, error.retryAfterSeconds], [429, seconds], header);
        assert.equal(requests.length, 1);
      });
    }
  }
});

Deno.test("a call that times out is not repeated; a purchase has the longer timeout", async () => {
  await withSilentServer(async (url, requests) => {
    const impatient = clientOf(url, { timeoutMs: 150, buyTimeoutMs: 300 });
    for (const [name, call] of Object.entries(CALLS)) {
      const error = await errorOf(call(impatient));
      const ms = name === "buy" ? 300 : 150;
      assert.deepEqual([error.status, error.code], [0, ""]);
      assert.equal(error.message, `EasyPost did not answer within ${ms} ms`);
    }
    assert.equal(requests.length, Object.keys(CALLS).length);
  });
});

Deno.test("a call whose connection is closed before or within the answer is not repeated", async () => {
  const parts = ["", "HTTP/1.1 200 OK\r\n", 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"id":'];
  for (const part of parts) {
    await withRudeServer(async (url, seen) => {
      let calls = 0;
      for (const call of Object.values(CALLS)) {
        const error = await errorOf(call(clientOf(url)));
        assert.deepEqual([error.status, error.message], [0, "EasyPost could not be reached"], part);
        assert.equal(seen(), ++calls);
      }
    }, part);
  }
});

Deno.test("an unreachable host gets no second call", async () => {
  const unreachable = await errorOf(CALLS.buy(clientOf("http://127.0.0.1:1")));
  assert.deepEqual([unreachable.status, unreachable.message], [0, "EasyPost could not be reached"]);
});

Deno.test("a redirect is not followed, whatever its body says: no other host receives the key", async () => {
  const refusal = JSON.stringify({ error: { code: "SHIPMENT.INVALID_PARAMS" } });
  await withServer(() => shipment(), async (other, strangers) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const headers = { location: `${other}/v2/shipments` };
      for (const body of [null, await shipment().text(), refusal]) {
        await eachCall(() => new Response(body, { status, headers }), (error) => {
          assert.deepEqual([error.status, error.code], [status, ""]);
          // A proxy may have lost EasyPost's answer.
          assert.equal(toPurchaseError(error).code, "outcome_unknown");
        });
      }
    }
    assert.deepEqual(strangers, []);
  });
});

Deno.test("EasyPost's words are read from texts, lists and objects, with the fields at fault", async () => {
  const code = "SHIPMENT.INVALID_PARAMS";
  const fields = [{ field: "to_address", message: "Required and missing.", suggestion: null }];
  const cases: [object, string][] = [
    [{ code, message: "No.", errors: [] }, "No."],
    [{ code, message: ["One.", "Two."] }, "One. Two."],
    [{ code, message: { base: ["No service."] } }, "No service."],
    [{ code, message: "Invalid.", errors: fields }, "Invalid. to_address Required and missing."],
    [{ code, message: 7, errors: ["No such parcel."] }, "No such parcel."],
    [{ code }, ""],
  ];
  for (const [error, words] of cases) {
    await withServer(() => Response.json({ error }, { status: 422 }), async (apiUrl) => {
      const client = new EasyPostClient({ apiKey: "k", apiUrl });
      const thrown = await client.getShipment("shp_1").catch((error) => error);
      assert.ok(thrown instanceof EasyPostError);
      assert.deepEqual([thrown.code, thrown.words], [code, words]);
    });
  }
});
