/** The simulators alone, for the functions of a Supabase stack in Docker. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import * as config from "../../shared/config.ts";
import { SAMPLE_SHOP_ID } from "../../local/stack/sample_shops.ts";
import { serveSimulators } from "../../local/stack/serve_simulators.ts";
import { withServer } from "../support/local_server.ts";
import { callCommand, commandProcess } from "../support/run_command.ts";

type Variables = Record<string, string>;

async function readVariables(path: string): Promise<Variables> {
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => {
    const [name = "", ...value] = line.split("=");
    return [name, value.join("=")];
  }));
}

/** Calls every reader of shared/config.ts. Returns the variables that they read. */
function readWholeConfig(env: Variables): string[] {
  const read = new Set<string>();
  for (const [name, reader] of Object.entries(config)) {
    if (!name.startsWith("read")) continue;
    (reader as (env: config.Environment) => unknown)((variable) => {
      read.add(variable);
      return env[variable];
    });
  }
  return [...read];
}

/** Starts the command, and stops it after `use`. */
async function withSimulators(
  args: string[],
  use: (printed: string) => Promise<void>,
): Promise<void> {
  const environment = { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "" };
  const child = commandProcess("simulators", args, { environment }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const errors = new Response(child.stderr).text();
  let printed = "";
  try {
    while (!printed.includes("Next:")) {
      const { done, value } = await reader.read();
      if (done) assert.fail(`It ended early: ${printed}${await errors}`);
      printed += value;
    }
    await use(printed);
  } finally {
    child.kill("SIGTERM");
    while (!(await reader.read()).done);
    await errors;
  }
  assert.equal((await child.status).code, 0);
}

Deno.test("simulators: one file for the functions, and signed webhooks at their address", async () => {
  const data = await Deno.makeTempDir();
  const envFile = join(data, "new folder", "functions.env");
  await withServer(() => new Response(), async (functions, webhooks) => {
    const options = ["--port", "0", "--data", data, "--variables", envFile];
    await withSimulators([...options, "--functions-url", `${functions}/v1/`], async (printed) => {
      const env = await readVariables(envFile);

      const own = "http://127.0.0.1:1";
      const platform = {
        SUPABASE_URL: own,
        SUPABASE_PUBLISHABLE_KEYS: '{"default":"a"}',
        SUPABASE_SECRET_KEYS: '{"default":"b"}',
      };
      const read = readWholeConfig({ ...env, ...platform });
      assert.deepEqual([...Object.keys(env), ...Object.keys(platform)].sort(), read.sort());

      // Functions call the simulators from their container; browsers open pages on this machine.
      const port = new URL(env.STRIPE_API_URL ?? "").port;
      const base = `host.docker.internal:${port}/simulators`;
      assert.equal(env.TIKTOK_API_URL, `http://${base}/tiktok`);
      assert.equal(env.EASYPOST_API_URL, `http://${base}/easypost/v2`);
      const page = `http://127.0.0.1:${port}`;
      assert.equal(env.TIKTOK_AUTHORIZE_URL, `${page}/simulators/tiktok/open/authorize`);
      assert.equal(env.APP_URL, `${page}/app`);
      for (const name of ["tiktok", "easypost", "stripe"]) {
        assert.ok(printed.includes(`${page}/simulators/${name}/control\n`));
        const control = await fetch(`${page}/simulators/${name}/control`);
        assert.equal(control.status, 200, await control.text());
      }
      const app = await fetch(`${page}/app?status=confirm`);
      assert.match(await app.text(), /Nothing is connected yet: sign in, look, confirm/);
      const unknown = await fetch(`${page}/rest/v1/orders`);
      assert.match(await unknown.text(), /Unknown path\. Try \/simulators\/tiktok/);

      const order = await fetch(`${page}/simulators/tiktok/control/orders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ shop_id: SAMPLE_SHOP_ID }),
      });
      assert.equal(order.status, 201, await order.text());
      const [webhook] = webhooks;
      assert.equal(webhook?.url.href, `${functions}/v1/tiktok-webhooks`);
      const signature = createHmac("sha256", env.TIKTOK_APP_SECRET ?? "")
        .update(`${env.TIKTOK_APP_KEY}${webhook?.body}`).digest("hex");
      assert.equal(webhook?.headers.get("authorization"), signature);
    });
  });
  await Deno.remove(data, { recursive: true });
});

Deno.test("simulators: a given address of a service replaces its simulator", async () => {
  const data = await Deno.makeTempDir();
  const envFile = join(data, "functions.env");
  await using own = new AsyncDisposableStack();
  own.defer(() => Deno.remove(data, { recursive: true }));
  const running = await serveSimulators({
    ...{ port: 0, listen: "127.0.0.1", host: "functions.example", data, envFile },
    functionsUrl: "http://127.0.0.1:1",
    environment: { STRIPE_API_URL: "https://api.stripe.com", STRIPE_SECRET_KEY: "sk_test_own" },
  });
  own.defer(() => running.stop());
  assert.deepEqual(Object.keys(running.addresses), ["tiktok", "easypost"]);
  const env = await readVariables(envFile);
  assert.equal(env.STRIPE_API_URL, "https://api.stripe.com");
  assert.equal(env.STRIPE_SECRET_KEY, "sk_test_own");
  assert.match(env.TIKTOK_API_URL ?? "", /^http:\/\/functions\.example:\d+\/simulators\/tiktok$/);
});

Deno.test("simulators: addresses that cannot be used are refused", async () => {
  for (const args of [["--functions-url", "54321"], ["--host", "a b"], ["--port", "x"]]) {
    const { code, text } = await callCommand("simulators", args);
    assert.equal(code, 2, text);
    assert.ok(text.includes(args[0] ?? ""), text);
  }
});
