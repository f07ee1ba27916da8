/** EasyPost's webhooks: who may send them, what is refused, and what is ignored. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { EasyPostEvent } from "../../local/simulators/easypost/objects.ts";
import { MAX_BODY_BYTES } from "../../shared/http/read_body.ts";
import { processDueEvents } from "../support/labels.ts";
import { newParcel, sendEvents, statusOf, storedEvent, trackingEvent } from "../support/parcels.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, countEvents } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

/** Its NFKD form differs from it: the ligature and the accented letters are decomposed. */
const SECRET = "geheim-ﬁ-Å-ñ-密-🔑";

let stack: TestStack;
let seller: ConnectedSeller;

const step = testOnOneStack("EasyPost's webhooks", async () => {
  await using own = new AsyncDisposableStack();
  const environment = { EASYPOST_WEBHOOK_SECRET: SECRET, EASYPOST_API_KEY: "EZAKproduction" };
  stack = own.use(await startTestStack({ environment }));
  seller = await connectSeller(stack);
  return own.move();
});

function sign(body: string | Uint8Array, secret = SECRET.normalize("NFKD")): string {
  return `hmac-sha256-hex=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

function url(): string {
  return `${stack.env.SUPABASE_URL}/functions/v1/carrier-webhooks`;
}

async function post(body: string, signature: string | undefined = sign(body)): Promise<number> {
  const headers: Record<string, string> = signature === "" ? {} : { "x-hmac-signature": signature };
  const response = await fetch(url(), { method: "POST", headers, body });
  await response.body?.cancel();
  return response.status;
}

step(
  "a webhook without EasyPost's signature is answered with 403, and nothing is stored",
  async () => {
    const parcel = await newParcel(stack, seller);
    const body = JSON.stringify(trackingEvent(stack, parcel, { status: "delivered" }));
    const good = sign(body);
    const before = await countEvents(stack);
    const forgeries = [
      "",
      "hmac-sha256-hex=",
      good.slice("hmac-sha256-hex=".length),
      good.toUpperCase(),
      good.replace(/[0-9a-f]+$/, (hex) => hex.toUpperCase()),
      good.slice(0, -1),
      `${good}0`,
      `${good}, ${good}`,
      good.replace("sha256", "sha1"),
      sign(body, "another secret"),
      sign(body, ""),
      // Signed with the raw secret instead of its NFKD form.
      sign(body, SECRET),
      sign(`${body} `),
      sign(""),
      `Bearer ${stack.env.SUPABASE_SECRET_KEY}`,
    ];
    for (const signature of forgeries) {
      assert.notEqual(signature, good);
      assert.equal(await post(body, signature), 403, signature);
    }
    // The right signature in the wrong header.
    for (const header of ["authorization", "x-signature"]) {
      const response = await fetch(url(), { method: "POST", headers: { [header]: good }, body });
      assert.equal(response.status, 403);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal((await response.json()).code, "invalid_signature");
    }
    assert.equal(await post(body.replace("delivered", "in_transit"), good), 403);
    assert.equal(await countEvents(stack), before);
    assert.equal(await post(body, good), 200);
    await processDueEvents(stack);
    assert.equal(await countEvents(stack), before + 1);
    assert.equal(await statusOf(stack, parcel), "delivered");
  },
);

step("a signed body that is not an event is answered with 400, and nothing is stored", async () => {
  const before = await countEvents(stack);
  const bodies = [
    ...["", "not json", "null", "[]", '"text"', "{}", "7", "{", "\ufffd"],
    ...['{"id":"evt_1"}', '{"description":"tracker.updated"}', '{"id":"","description":"a.b"}'],
    ...['{"id":7,"description":"a.b"}', '{"id":"evt 1","description":"a.b"}'],
    ...['{"id":"evt_1","description":"a b"}', '{"id":"evt_1","description":null}'],
    `{"id":"${"e".repeat(101)}","description":"a.b"}`,
    "[".repeat(100_000),
  ];
  for (const body of bodies) assert.equal(await post(body), 400, body.slice(0, 60));
  assert.equal(await countEvents(stack), before);
});

step(
  "the function accepts only POST up to 1 MiB at its own path, and answers 503 if it cannot store",
  async () => {
    const before = await countEvents(stack);
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await fetch(url(), { method });
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"], method);
      await response.body?.cancel();
    }
    const elsewhere = await fetch(`${url()}/else`, { method: "POST" });
    assert.equal(elsewhere.status, 404);
    await elsewhere.body?.cancel();
    assert.equal(await post(`{"id":"evt_large"}${" ".repeat(MAX_BODY_BYTES)}`), 413);
    const body = '{"id":"evt_stored","description":"new.thing"}';
    const receive = "public.receive_webhook_event(text, text, text, text, text, text, text, text)";
    await stack.sql.unsafe(`revoke execute on function ${receive} from service_role`);
    const refused = await post(body);
    await stack.sql.unsafe(`grant execute on function ${receive} to service_role`);
    assert.equal(refused, 503);
    assert.equal(await countEvents(stack), before);
    assert.equal(await post(body), 200);
    assert.equal(await countEvents(stack), before + 1);
    await processDueEvents(stack);
  },
);

step(
  "an event without an effect is stored as ignored, with the reason",
  async () => {
    const parcel = await newParcel(stack, seller);
    const event = (tracker = {}) =>
      trackingEvent(stack, parcel, { status: "delivered", ...tracker });
    const unhandled = ["batch.created", "insurance.purchased", "trackers.updated", "new.thing"];
    const cases: [EasyPostEvent, string][] = [
      [event({ shipment_id: "shp_unknown", tracking_code: "1Z" }), "shipment_not_found"],
      [event({ shipment_id: null, tracking_code: null }), "shipment_not_found"],
      [{ ...event(), mode: "test" }, "mode_mismatch"],
      ...unhandled.map((description): [EasyPostEvent, string] => [
        { ...event(), description },
        "event_type_not_handled",
      ]),
      [{ ...event(), result: "delivered" } as never, "event_type_not_handled"],
      [{ ...event(), result: null } as never, "event_type_not_handled"],
    ];
    for (const [sent, reason] of cases) {
      await sendEvents(stack, sent);
      const { status, reason: kept, event_type } = await storedEvent(stack, sent);
      assert.deepEqual([status, kept, event_type], ["ignored", reason, sent.description]);
    }
    assert.equal(await statusOf(stack, parcel), "purchased");
    await sendEvents(stack, { ...event(), description: "tracker.created" });
    assert.equal(await statusOf(stack, parcel), "delivered");
  },
);
