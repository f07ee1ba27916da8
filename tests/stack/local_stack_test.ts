/** `deno task start` as a person meets it: a process of its own, with its own Postgres, that is killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readEnvironment, type StackEnvironment } from "../../local/stack/environment.ts";
import { authorizeSimulatedShop, connectWithCode, signInSeller } from "../../local/stack/seller.ts";
import { SAMPLE_SHOP_ID } from "../../local/stack/sample_shops.ts";
import { startTestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../..", import.meta.url);

/** Without the variables that would win over what the stack makes. */
function cleanEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "DENO_DIR", "TMPDIR", "LANG", "npm_config_cache"];
  const variables = kept.map((name) => [name, Deno.env.get(name)]).filter(([, value]) => value);
  return { ...Object.fromEntries(variables), NO_COLOR: "1" };
}

function runScript(script: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", `local/${script}.ts`, ...args],
    cwd: ROOT,
    clearEnv: true,
    env: cleanEnvironment(),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

interface RunningStack {
  process: Deno.ChildProcess;
  readySeconds: number;
  /** Everything that it printed, once it has ended. */
  ended: Promise<string>;
}

/** Resolves when the page is printed. @throws {Error} with what was printed, if it ends before that. */
async function start(args: string[]): Promise<RunningStack> {
  const process = runScript("start", args);
  const ready = Promise.withResolvers<number>();
  const ended = (async () => {
    let text = "";
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const found = /ready after ([\d.]+) s[^]*\/control\/orders/.exec(text);
      if (found) ready.resolve(Number(found[1]));
    }
    await process.status;
    ready.reject(new Error(text));
    return text;
  })();
  return { process, readySeconds: await ready.promise, ended };
}

async function run(script: string, args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout } = await runScript(script, args).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** Orders of the one seller, in words that survive a restart. */
async function ordersOf(env: StackEnvironment): Promise<string[]> {
  const { client } = await signInSeller(env, "ada@example.com", "a-password");
  const { data } = await client.from("orders").select("tiktok_order_id, order_status");
  return (data ?? []).map((order) => `${order.tiktok_order_id} ${order.order_status}`);
}

Deno.test("start, Ctrl-C, start again, kill -9, start again, reset", async () => {
  // Only its owner may enter this folder: where that is root, Postgres's own user may not.
  const parent = await Deno.makeTempDir();
  const data = join(parent, "data");
  const [port, dbPort] = [freePort(), freePort()];
  const args = ["--port", String(port), "--db-port", String(dbPort), "--data", data];

  const first = await start(args);
  const env = await readEnvironment(data);
  const seller = await signInSeller(env, "ada@example.com", "a-password");
  await connectWithCode(env, seller, await authorizeSimulatedShop(env, SAMPLE_SHOP_ID));
  const response = await fetch(`${env.TIKTOK_API_URL}/control/orders`, {
    method: "POST",
    body: JSON.stringify({ shop_id: SAMPLE_SHOP_ID }),
  });
  const { order_id: orderId, answers } = await response.json();
  assert.deepEqual(answers, [200]);
  const expected = [`${orderId} awaiting_shipment`];
  await until("the order is in", async () => (await ordersOf(env)).length === 1);

  const sameData = await run("start", ["--port", "0", "--db-port", "0", "--data", data]);
  assert.equal(sameData.code, 1);
  assert.match(sameData.text, /A stack is running from .* already \(process \d+\)/);
  const samePort = await run("start", ["--port", String(port), "--data", join(parent, "other")]);
  assert.equal(samePort.code, 1);
  assert.match(samePort.text, new RegExp(`Port ${port} is taken.*--port`));
  const sameDbPort = await run("start", [
    ...["--port", "0", "--db-port", String(dbPort)],
    ...["--data", join(parent, "other")],
  ]);
  assert.equal(sameDbPort.code, 1);
  assert.match(sameDbPort.text, new RegExp(`Port ${dbPort} is taken.*--db-port`));

  // One Ctrl-C: the terminal sends it, and npx and `deno task` pass it on.
  for (let times = 0; times < 3; times++) first.process.kill("SIGINT");
  const firstText = await first.ended;
  assert.equal((await first.process.status).code, 0);
  assert.match(firstText, /Stopped\./);
  assert.ok(isFree(port) && isFree(dbPort));

  const second = await start(args);
  assert.ok(second.readySeconds < 5, `the second start took ${second.readySeconds} s`);
  assert.deepEqual(await readEnvironment(data), env);
  assert.deepEqual(await ordersOf(env), expected);
  const hostPid = Number(await Deno.readTextFile(join(data, "function-host.pid")));
  second.process.kill("SIGKILL");
  await second.ended;
  // The functions end with the stack that they belong to.
  await until("the function host is gone", () => {
    try {
      Deno.kill(hostPid, "SIGCONT");
      return Promise.resolve(false);
    } catch {
      return Promise.resolve(true);
    }
  });

  const third = await start(args);
  assert.deepEqual(await ordersOf(env), expected);
  const whileRunning = await run("reset", ["--data", data]);
  assert.equal(whileRunning.code, 1);
  assert.match(whileRunning.text, /A stack is running/);
  third.process.kill("SIGTERM");
  await third.ended;

  const reset = await run("reset", ["--data", data]);
  assert.equal(reset.code, 0);
  assert.equal(await Deno.stat(data).then(() => true, () => false), false);
  await run("reset", ["--data", join(parent, "other")]);
  await Deno.remove(parent, { recursive: true });
});

Deno.test("a shop of another account is refused, and connect-shop says so", async () => {
  await using stack = await startTestStack();
  const connect = (email: string) =>
    run("connect_shop", [email, "--data", stack.data, "--shop-id", SAMPLE_SHOP_ID]);
  assert.equal((await connect("ada@example.com")).code, 0);
  const refused = await connect("bob@example.com");
  assert.equal(refused.code, 1);
  assert.match(refused.text, /connected to another account already/);
  assert.equal((await stack.sql`select from public.tiktok_shops`).length, 1);
});

Deno.test("a wrong variable is named in one line, and nothing is left running", async () => {
  const data = await Deno.makeTempDir();
  const dbPort = freePort();
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "local/commands/start.ts", "--port", "0"].concat([
      ...["--db-port", String(dbPort)],
      ...["--data", data],
    ]),
    cwd: ROOT,
    clearEnv: true,
    env: { ...cleanEnvironment(), TIKTOK_API_URL: "nonsense" },
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 1);
  assert.match(text, /The functions did not start: TIKTOK_API_URL is not an http\(s\) URL\.\n$/);
  assert.ok(isFree(dbPort));
  await run("reset", ["--data", data]);
});

Deno.test("an outside party stands in for the simulator where its address is set", async () => {
  const asked: string[] = [];
  const outside = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return Response.json({ code: 105002, message: "Expired credentials." });
  });
  const url = `http://127.0.0.1:${outside.addr.port}`;
  {
    await using stack = await startTestStack({
      environment: { TIKTOK_API_URL: url, TIKTOK_AUTH_URL: url, TIKTOK_APP_KEY: "mine" },
    });
    assert.equal(stack.env.TIKTOK_API_URL, url);
    assert.equal(stack.env.TIKTOK_APP_KEY, "mine");
    assert.equal(stack.tiktok, undefined);
    const simulator = await fetch(`${stack.env.SUPABASE_URL}/simulators/tiktok/control`);
    assert.equal(simulator.status, 404);
    await simulator.body?.cancel();
    const seller = await signInSeller(stack.env, "ada@example.com", "a-password");
    await assert.rejects(
      connectWithCode(stack.env, seller, "code-123"),
      /does not accept the code/,
    );
    assert.deepEqual(asked, ["/api/v2/token/get"]);
  }
  await outside.shutdown();
});

Deno.test("the commands explain themselves, and refuse what they do not know", async () => {
  const scripts = ["start", "demo", "connect_shop", "reset", "generate_types"];
  for (const script of [...scripts, "db_backup", "db_restore"]) {
    const help = await run(script, ["--help"]);
    assert.equal(help.code, 0, script);
    assert.match(help.text, /deno(@2\.9\.5)? task/, script);
    const wrong = await run(script, ["--nonsense"]);
    assert.notEqual(wrong.code, 0, script);
    assert.match(wrong.text, /--nonsense/, script);
  }
});
