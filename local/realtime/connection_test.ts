import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Connection } from "./connection.ts";
import type { WireData } from "./frames.ts";
import { Presence } from "./presence.ts";
import type { Services } from "./services.ts";
import { Subscriptions } from "./subscriptions.ts";
import { topicKey, Topics } from "./topics.ts";

const jwtCheck = { jwtSecret: "secret", publishableKey: "sb_publishable_x", secretKey: "s" };
const encode = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });

function signToken(seconds: number): string {
  const content = `${encode({ alg: "HS256" })}.${
    encode({ role: "authenticated", sub: "a", exp: seconds })
  }`;
  const signature = createHmac("sha256", jwtCheck.jwtSecret).update(content).digest("base64url");
  return `${content}.${signature}`;
}

function openConnection() {
  const topics = new Topics();
  let now = 0;
  const services: Services = {
    jwtCheck,
    userPool: undefined as never,
    topics,
    presence: new Presence(topics),
    subscriptions: new Subscriptions(undefined as never),
    requireReplication: () => Promise.resolve(),
    now: () => now,
  };
  const sent: WireData[] = [];
  const closed: number[] = [];
  const wire = {
    bufferedAmount: 0,
    send: (data: WireData) => void sent.push(data),
    close: (code: number) => void closed.push(code),
  };
  const identity = {
    role: "anon",
    claims: "{}",
    sub: "",
    expiresAt: Infinity,
    credential: jwtCheck.publishableKey,
  };
  const connection = new Connection(services, {
    wire,
    version: "2.0.0",
    identity,
    onError: (error) => {
      throw error;
    },
  });
  const receive = (event: string, payload: unknown, topic = "realtime:room") =>
    connection.receive(JSON.stringify(["1", "1", topic, event, payload]));
  const events = () => sent.map((data) => JSON.parse(data as string).slice(3));
  return {
    ...{ connection, topics, sent, closed, wire, receive, events },
    setTime: (time: number) => void (now = time),
    passTo: (time: number) => connection.tick(now = time),
  };
}

const broadcast = { event: "x", payload: '"text"' };

Deno.test("a client that does not take its messages is disconnected, and nothing more waits for it", async () => {
  const { receive, topics, sent, closed, wire } = openConnection();
  await receive("phx_join", {});
  const before = sent.length;
  wire.bufferedAmount = 9 * 1024 * 1024;
  for (let n = 0; n < 5; n++) topics.broadcast(topicKey("room", false), broadcast);
  assert.deepEqual(closed, [1013]);
  assert.equal(sent.length, before + 1);
  assert.equal(topics.has(topicKey("room", false)), false, "its channels are left");
});

Deno.test("a channel ends with its token, and a newer token keeps it", async () => {
  const { receive, events, passTo, topics, sent } = openConnection();
  await receive("phx_join", { access_token: signToken(100) });
  await receive("access_token", { access_token: signToken(200) });
  passTo(50_000);
  await receive("heartbeat", {}, "phoenix");
  passTo(101_000);
  assert.equal(topics.has(topicKey("room", false)), true);
  await receive("heartbeat", {}, "phoenix");
  await receive("access_token", { access_token: signToken(90) });
  assert.deepEqual(events().slice(-2), [
    ["system", {
      extension: "system",
      status: "error",
      message: "Token has expired 11 seconds ago",
      channel: "room",
    }],
    ["phx_close", {}],
  ]);
  const before = sent.length;
  topics.broadcast(topicKey("room", false), broadcast);
  assert.equal(sent.length, before);
});

Deno.test("an expired token's channel receives nothing, even before its end is noticed", async () => {
  const { receive, setTime, topics, sent } = openConnection();
  await receive("phx_join", { access_token: signToken(20) });
  topics.broadcast(topicKey("room", false), broadcast);
  const before = sent.length;
  setTime(20_000);
  topics.broadcast(topicKey("room", false), broadcast);
  assert.equal(sent.length, before);
});

Deno.test("a refused join says why, and a client without heartbeats is disconnected", async () => {
  const { receive, events, passTo, closed } = openConnection();
  const reasonOf = async (payload: unknown, topic?: string) => {
    await receive("phx_join", payload, topic);
    return events().at(-1)[1].response.reason;
  };
  assert.match(await reasonOf({ access_token: `${signToken(100)}x` }), /^JwtSignatureError/);
  assert.match(await reasonOf({ access_token: "x" }), /^MalformedJWT/);
  assert.match(await reasonOf({ access_token: signToken(-5) }), /expired 5 seconds ago/);
  assert.match(await reasonOf({}, "realtime:"), /^TopicNameRequired/);
  await receive("broadcast", { event: "x" }, "realtime:unknown");
  assert.equal(events().at(-1)[1].response.reason, "unmatched topic");
  passTo(60_001);
  assert.deepEqual(closed, [1001]);
});
