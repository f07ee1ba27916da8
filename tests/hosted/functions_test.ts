/** Every function passes `deploy --check`, and, as it is uploaded, answers on the hosted runtime. */
import assert from "node:assert/strict";
import { join } from "node:path";
import Stripe from "stripe";
import type { Bundle } from "../../local/deploy/bundle.ts";
import { checkStaged } from "../../local/deploy/check.ts";
import {
  type HostedFunction,
  HostedStartError,
  startHostedFunction,
} from "../../local/deploy/hosted_function.ts";
import { stageFunctions } from "../../local/deploy/stage.ts";
import { readFunctionConfig } from "../../local/functions/config.ts";
import { functionEnvironment } from "../../local/stack/environment.ts";
import { FUNCTION_CONFIG } from "../support/function_config.ts";
import { FROM, type OrderRow, PARCEL, receiveOrder } from "../support/labels.ts";
import { hmacSha256Hex } from "../../shared/crypto/digests.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, pushTime } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** A stack for the database and the vendors' simulators, and each function in a process of its own. */
interface Hosted extends AsyncDisposable {
  stack: TestStack;
  seller: ConnectedSeller;
  order: OrderRow;
  /** What `deploy --check` prints of the functions, which it starts with the variables of the stack. */
  check: Promise<string[]>;
  bundles: Bundle[];
  /** A function's start; rejects if it does not start. */
  starts: Map<string, Promise<HostedFunction>>;
}

/** Supabase as the hosted functions call it: the stack's, with the uploads in place of its functions. */
function serveSupabase(stack: TestStack, starts: Hosted["starts"]): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const body = await request.bytes();
    const init = { method, headers, ...(body.length > 0 && { body }) };
    const [, path = "", name = ""] = /^\/functions\/v1(\/([^/]+).*)$/.exec(pathname) ?? [];
    const started = await starts.get(name);
    return started === undefined
      ? await fetch(`${stack.env.SUPABASE_URL}${pathname}${search}`, init)
      : await started.fetch(`${path}${search}`, init);
  });
}

async function startHosted(): Promise<Hosted> {
  const resources = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-bundles-" });
  resources.defer(() => Deno.remove(folder, { recursive: true }));
  try {
    const staging = stageFunctions(join(folder, "project"));
    staging.catch(() => {});
    const stack = resources.use(await borrowStack());
    const starts = new Map<string, Promise<HostedFunction>>();
    const supabase = resources.use(serveSupabase(stack, starts));
    const staged = await staging;
    const check = checkStaged(staged, folder, (bundle) => {
      const start = startHostedFunction(bundle, {
        ...functionEnvironment(stack.env, bundle.name),
        SUPABASE_URL: `http://127.0.0.1:${supabase.addr.port}`,
      });
      starts.set(bundle.name, start);
      resources.defer(() => start.then((hosted) => hosted[Symbol.asyncDispose](), () => {}));
      return start;
    });
    check.catch(() => {});
    const seller = await connectSeller(stack);
    const order = await receiveOrder(stack, seller);
    await Promise.allSettled([check]);
    const kept = resources.move();
    return {
      stack,
      seller,
      order,
      check,
      bundles: staged.bundles,
      starts,
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  } finally {
    await resources.disposeAsync();
  }
}

interface Call {
  /** Behind the name of the function. @default {""} */
  path?: string;
  method?: string;
  headers: Record<string, string>;
  body?: string;
}

interface Exchange {
  allowed(): Call | Promise<Call>;
  /** Status of the response to the allowed call. @default {200} */
  status?: number;
  /** The effect of the allowed call. */
  effect?(body: string): unknown;
  refused(): Call;
  refusal: number;
}

let hosted: Hosted;
const step = testOnOneStack("each function starts on the hosted runtime", async () => {
  return hosted = await startHosted();
});

const tiktokOrder = { id: "" };

function tiktokWebhook(): string {
  const { stack, seller } = hosted;
  tiktokOrder.id = stack.tiktok.addOrder({ shopId: seller.shopId }).id;
  return JSON.stringify({
    type: 1,
    tts_notification_id: "1",
    shop_id: seller.shopId,
    timestamp: pushTime(),
    data: { order_id: tiktokOrder.id },
  });
}

function signedByTikTok(body: string): Call {
  const { TIKTOK_APP_KEY: appKey, TIKTOK_APP_SECRET: appSecret } = hosted.stack.env;
  const bytes = new TextEncoder().encode(body);
  return { headers: { authorization: signWebhook({ appKey, appSecret }, bytes) }, body };
}

function signedByEasyPost(body: string): Call {
  const hex = hmacSha256Hex(
    hosted.stack.env.EASYPOST_WEBHOOK_SECRET,
    new TextEncoder().encode(body),
  );
  return { headers: { "x-hmac-signature": `hmac-sha256-hex=${hex}` }, body };
}

async function signedByStripe(payload: string): Promise<Call> {
  const secret = hosted.stack.env.STRIPE_WEBHOOK_SECRET;
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret });
  return { headers: { "stripe-signature": signature }, body: payload };
}

async function assertStored(source: string): Promise<void> {
  const rows = await hosted.stack.sql`
    select from private.webhook_events where source = ${source} and external_id like 'evt_hosted%'`;
  assert.equal(rows.length, 1);
}

const withSecretKey = (): Call => ({
  headers: { apikey: hosted.stack.env.SUPABASE_SECRET_KEY },
});
const withoutKey = (): Call => ({ headers: {} });

function asSeller(call: Omit<Call, "headers">, headers: Record<string, string> = {}): Call {
  const authorization = `Bearer ${hosted.seller.accessToken}`;
  return { ...call, headers: { authorization, "content-type": "application/json", ...headers } };
}

/** Exports the seller's rows, with the libraries for ZIP and CSV. */
async function exportRows(): Promise<void> {
  const started = await hosted.starts.get("account");
  const response = await started?.fetch("/account/export", asSeller({ method: "GET" }));
  assert.match(await response?.text() ?? "", /^PK[^]*orders-1\.csv[^]*PK/);
}

const EVENT = '{"id":"evt_hosted","description":"batch.created","type":"balance.available"}';

const EXCHANGES: Record<string, Exchange> = {
  "tiktok-webhooks": {
    allowed: () => signedByTikTok(tiktokWebhook()),
    // It wakes event-worker, which reads the order from TikTok and stores it.
    effect: () =>
      until("the order is stored", async () => {
        const { sql } = hosted.stack;
        return (await sql`select from public.orders where tiktok_order_id = ${tiktokOrder.id}`)
          .length === 1;
      }),
    refused: () => ({ ...signedByTikTok("{}"), body: "{ }" }),
    refusal: 403,
  },
  "carrier-webhooks": {
    allowed: () => signedByEasyPost(EVENT),
    effect: () => assertStored("easypost"),
    refused: () => ({ ...signedByEasyPost("{}"), body: "{ }" }),
    refusal: 403,
  },
  "stripe-webhooks": {
    allowed: () => signedByStripe(EVENT),
    effect: () => assertStored("stripe"),
    refused: () => ({ headers: { "stripe-signature": "t=1,v1=00" }, body: EVENT }),
    refusal: 400,
  },
  "event-worker": { allowed: withSecretKey, refused: withoutKey, refusal: 401 },
  "tiktok-token-refresh": { allowed: withSecretKey, refused: withoutKey, refusal: 401 },
  "tiktok-oauth": {
    allowed: () => asSeller({ method: "GET", path: "/shops" }),
    effect: (body) => assert.equal(JSON.parse(body).shops.length, 1),
    refused: () => ({ headers: {}, method: "GET", path: "/shops" }),
    refusal: 401,
  },
  // Buys a label from EasyPost, with the client that sends once.
  "shipments": {
    allowed: () =>
      asSeller({
        body: JSON.stringify({
          ...{ order_id: hosted.order.id, parcel: PARCEL, from: FROM, service: "cheapest" },
        }),
      }, { "idempotency-key": crypto.randomUUID() }),
    status: 201,
    effect: (body) => assert.ok(JSON.parse(body).tracking_number),
    refused: () => ({ headers: {}, body: "{}" }),
    refusal: 401,
  },
  "billing": {
    allowed: () => asSeller({ path: "/checkout", body: '{"plan":"starter"}' }),
    effect: (body) => assert.equal(JSON.parse(body).kind, "checkout"),
    refused: () => ({ headers: {}, path: "/checkout", body: '{"plan":"starter"}' }),
    refusal: 401,
  },
  "health": {
    allowed: () => ({ method: "GET", ...withSecretKey() }),
    effect: (body) => assert.ok(JSON.parse(body).figures.length > 20),
    refused: () => ({ method: "GET", headers: { apikey: "sb_secret_wrong" } }),
    refusal: 403,
  },
  "database-tasks": {
    allowed: () => ({
      ...withSecretKey(),
      body: JSON.stringify({
        task_id: "hosted",
        description: "The whole schema",
        context: { operation_type: "schema_design" },
        requirements: [],
        expected_output: "schema",
      }),
    }),
    effect: (body) =>
      assert.match(
        JSON.parse(body).output.primary_deliverable.sql,
        /create table public\.orders \(/,
      ),
    refused: () => ({ headers: {}, body: "{}" }),
    refusal: 401,
  },
  // Last: it deletes the seller of the others.
  "account": {
    allowed: async () => {
      await exportRows();
      return asSeller({ method: "DELETE", body: JSON.stringify({ email: hosted.seller.email }) });
    },
    status: 204,
    effect: async () => {
      const { sql } = hosted.stack;
      assert.deepEqual(
        [...await sql`select from public.users where id = ${hosted.seller.id}`],
        [],
      );
    },
    refused: () => ({ headers: {}, method: "DELETE", body: "{}" }),
    refusal: 401,
  },
};

step(
  "deploy --check: every function is uploaded alone, whole, under 1 MB, without verify_jwt, and starts",
  async () => {
    const lines = await hosted.check;
    const folders = await Array.fromAsync(
      Deno.readDir(new URL("../../functions", import.meta.url)),
    );
    assert.equal(lines.length, folders.length);
    for (const { name } of folders) {
      assert.ok(lines.some((line) => line.startsWith(`ok  ${name}: `)), name);
    }
    const several = /^ok {2}account: ([2-9]|\d\d) files of \d+ kB, \d+ kB at the start, /m;
    assert.match(lines.join("\n"), several);
  },
);

/** Stripe's package alone has 255 kB; each 10 kB take 0.6 ms of a start (docs/performance.md). */
const MOST_START_KB = 130;

step("no function reads more than 130 kB at its start", () => {
  const large = hosted.bundles.filter(({ startBytes }) => startBytes > MOST_START_KB * 1000);
  assert.deepEqual(large.map(({ name, startBytes }) => `${name}: ${startBytes} bytes`), []);
});

Deno.test("each function of config.toml has its calls in this test", async () => {
  const names = (await readFunctionConfig(FUNCTION_CONFIG)).map(({ name }) => name);
  assert.deepEqual(Object.keys(EXCHANGES).sort(), names.sort());
});

for (const [name, exchange] of Object.entries(EXCHANGES)) {
  step(`${name} starts from its upload and its variables, allows and refuses`, async () => {
    const started = await hosted.starts.get(name);
    assert.ok(started, `${name} has no bundle`);
    const call = async ({ path = "", method = "POST", ...init }: Call) => {
      const response = await started.fetch(`/${name}${path}`, { method, ...init });
      return { status: response.status, body: await response.text() };
    };

    const refused = await call(exchange.refused());
    assert.equal(refused.status, exchange.refusal, refused.body);
    const allowed = await call(await exchange.allowed());
    assert.equal(allowed.status, exchange.status ?? 200, allowed.body);
    await exchange.effect?.(allowed.body);
  });
}

/** Functions that pass the bundler, and do not start. */
const MISTAKES: Record<string, [source: string, reason: RegExp]> = {
  "a method that Deno 2.1 lacks": [
    'export const key = Uint8Array.fromBase64("AAAA");\nexport default { fetch: () => key };',
    /^wrong does not start on the hosted runtime: [^]*Uint8Array\.fromBase64 is not a function/,
  ],
  "a file that is not uploaded": [
    'const file = "./price.js";\nconst { fetch } = await import(file);\nexport default { fetch };',
    /^wrong does not start on the hosted runtime: [^]*price\.js/,
  ],
  "a synchronous read of a file": [
    'const text = Deno.readTextFileSync("index.js");\nexport default { fetch: () => text };',
    /^wrong does not start on the hosted runtime: [^]*readTextFileSync is blocklisted/,
  ],
  "no handler": [
    "export const fetch = () => new Response();",
    /^wrong does not start on the hosted runtime: [^]*export default/,
  ],
};

for (const [mistake, [source, reason]] of Object.entries(MISTAKES)) {
  Deno.test(`a function with ${mistake} does not start, and is named`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "creatorflow-wrong-" });
    try {
      const path = join(folder, "index.js");
      await Deno.writeTextFile(path, source);
      await assert.rejects(startHostedFunction({ name: "wrong", path }, {}), (error) => {
        assert.ok(error instanceof HostedStartError);
        assert.match(error.message, reason);
        return true;
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("the hosted runtime has only the variables, files and members of Deno of the platform", async () => {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-probe-" });
  try {
    const path = join(folder, "index.js");
    await Deno.writeTextFile(
      path,
      `const files = []; for await (const { name } of Deno.readDir(".")) files.push(name);
      const answer = { files, variables: Deno.env.toObject(), version: Deno.version.deno,
        memory: typeof SharedArrayBuffer, client: typeof Deno.createHttpClient };
      export default { fetch: () => Response.json(answer) };`,
    );
    await using probe = await startHostedFunction({ name: "probe", path }, {
      APP_URL: "http://app",
    });
    const answer = await (await probe.fetch("/probe")).json();
    assert.deepEqual(answer, {
      files: ["index.js"],
      variables: { APP_URL: "http://app" },
      version: "supabase-edge-runtime-1.74.0 (compatible with Deno v2.1.4)",
      memory: "undefined",
      client: "undefined",
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
