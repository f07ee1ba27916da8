/** The probes of a deployed backend, against the local stack and against gateways that spoil requests. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runProbes } from "../../local/deploy/probe.ts";
import { REQUIRED } from "../../local/deploy/secrets_file.ts";
import { withServer, withSilentServer } from "../support/local_server.ts";
import { callCommand, runCommand } from "../support/run_command.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";
import { QUIET_MINUTE, tickAt } from "../support/tick_at.ts";

type Spoil = (request: Request) => Request | Response;

/** A gateway in front of the stack. */
function startGateway(target: string, spoil: Spoil) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const spoiled = spoil(request);
    if (spoiled instanceof Response) return spoiled;
    const { pathname } = new URL(spoiled.url);
    return fetch(new Request(`${target}${pathname}`, spoiled));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function without(header: string): Spoil {
  return (request) => {
    const headers = new Headers(request.headers);
    headers.delete(header);
    return new Request(request, { headers });
  };
}

let stack: TestStack;

const step = testOnOneStack(
  "probes pass on a right deployment, and name the fault of a wrong one",
  async () => stack = await borrowStack(),
);

async function failuresBehind(secrets: Record<string, string>, spoil: Spoil) {
  await using gateway = startGateway(stack.env.SUPABASE_URL, spoil);
  const results = await runProbes(gateway.url, secrets);
  return results.filter(({ passed }) => !passed)
    .map(({ name, detail }) => `${name}: ${detail}`);
}

step("every probe passes on the stack, the scheduler's included", async () => {
  const { env, data, sql } = stack;
  const file = join(data, "secrets.env");
  const secrets = { ...env, APP_URL: "https://app.example.com" };
  await Deno.writeTextFile(file, REQUIRED.map((name) => `${name}=${secrets[name]}\n`).join(""));
  const args = ["--url", env.SUPABASE_URL, "--secrets", file, "--db-url", env.SUPABASE_DB_URL];
  // The addresses of the simulators are not part of the file.
  const before = await runCommand("probe", args, { environment: environmentOf() });
  assert.equal(before.code, 1, before.text);
  assert.match(before.text, /FAILED {2}pg_cron ran event-worker +no run yet/);
  assert.match(before.text, /2 of 13 probes failed/);

  await tickAt(stack, QUIET_MINUTE);
  const after = await callCommand("probe", args);
  assert.equal(after.code, 0, after.text);
  assert.match(after.text, /ok +tiktok-webhooks, signed \{\} +400 invalid_webhook/);
  const [{ count } = {}] = await sql`select count(*)::int from private.webhook_events`;
  assert.equal(count, 0);
});

step("a stripped header", async () => {
  for (
    const [header, name] of [
      ["authorization", "tiktok-webhooks"],
      ["stripe-signature", "stripe-webhooks"],
      ["x-hmac-signature", "carrier-webhooks"],
    ] as const
  ) {
    const [failure = "", ...others] = await failuresBehind(stack.env, without(header));
    assert.match(failure, new RegExp(`^${name}, signed {}: 40[03] invalid_signature instead of`));
    assert.match(failure, /removed the header/);
    assert.deepEqual(others, []);
  }
});

step("other secrets than those of the project", async () => {
  const failures = await failuresBehind({ ...stack.env, TIKTOK_APP_SECRET: "x" }, (r) => r);
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? "", /TIKTOK_APP_SECRET of the project differs/);
});

step("a gateway that checks tokens, lacks a function, or cannot start it", async () => {
  for (
    const [status, cause] of [
      [401, /the gateway refused it: deploy the function with verify_jwt = false/],
      [404, /not deployed/],
      [503, /did not start/],
      [200, /another server/],
    ] as const
  ) {
    const answer = () => Response.json({ code: "user_required", message: "no" }, { status });
    const failures = await failuresBehind(stack.env, answer);
    assert.equal(failures.length, 11);
    assert.ok(failures.every((failure) => cause.test(failure)), failures.join("\n"));
  }
});

step("no server at all", async () => {
  let closed = "";
  await withServer(() => new Response(), (address) => {
    closed = address;
    return Promise.resolve();
  });
  const results = await runProbes(closed, stack.env);
  const details = new Set(results.map(({ passed, detail }) => `${passed} ${detail}`));
  assert.deepEqual([...details], ["false no response: the address cannot be reached"]);
});

step("a server that does not answer costs the time of one probe, and is named", async () => {
  await withSilentServer(async (url, requests) => {
    const running = runProbes(url, stack.env, { timeoutMs: 2500 });
    // One after the other they would begin as each one ends.
    await until("every probe has begun", () => Promise.resolve(requests.length === 11), 2400);
    const details = new Set((await running).map(({ passed, detail }) => `${passed} ${detail}`));
    assert.deepEqual([...details], ["false no response in 2.5 s"]);
  });
});

/** Variables of a process that has none of the secrets. */
function environmentOf(): Record<string, string> {
  const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
  return { PATH, HOME, ...(DENO_DIR && { DENO_DIR }) };
}
