/** `deno task start` in a process of its own, with its own Postgres, stopped and killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { isAlive } from "../../local/leftovers/is_alive.ts";
import { readEnvironment, type StackEnvironment } from "../../local/stack/environment.ts";
import { authorizeSimulatedShop, connectWithCode, signInSeller } from "../../local/stack/seller.ts";
import { SAMPLE_SHOP_ID } from "../../local/stack/sample_shops.ts";
import {
  callCommand,
  commandProcess,
  type CommandResult,
  runCommand,
} from "../support/run_command.ts";
import { watchRestart } from "../support/console.ts";
import { startTestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";
import { test } from "../support/shared_stack.ts";

/** Environment without the variables that would win over the stack's own values. */
function cleanEnvironment(): Record<string, string> {
  const kept = [
    ...["PATH", "HOME", "DENO_DIR", "TMPDIR", "LANG", "npm_config_cache"],
    // Only save time: see tests/runner/run_tests.ts.
    ...["SUPABASE_CLI_BINARY", "LITE_AUTH_BCRYPT_COST"],
    ...["BUN_JSC_useDFGJIT", "BUN_JSC_useGC", "DENO_V8_FLAGS"],
  ];
  const variables = kept.map((name) => [name, Deno.env.get(name)]).filter(([, value]) => value);
  return Object.fromEntries(variables);
}

const startInProcess = (args: string[]) =>
  runCommand("start", args, { environment: cleanEnvironment() });

/** Orders of the sample shop. */
const SAMPLES = 5;

interface RunningStack extends AsyncDisposable {
  process: Deno.ChildProcess;
  readySeconds: number;
  /** Its whole output, once it has ended. */
  ended: Promise<string>;
}

/** Resolves when the stack is ready. @throws {Error} with the output, if it ends before that. */
async function start(args: string[]): Promise<RunningStack> {
  const environment = cleanEnvironment();
  const process = commandProcess("start", args, { environment }).spawn();
  const stderrRead = process.stderr.pipeTo(new WritableStream());
  const ready = Promise.withResolvers<number>();
  const ended = (async () => {
    let text = "";
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const found = /ready after ([\d.]+) s[^]*\/control\/orders/.exec(text);
      if (found) ready.resolve(Number(found[1]));
    }
    await stderrRead;
    await process.status;
    ready.reject(new Error(text));
    return text;
  })();
  return {
    process,
    readySeconds: await ready.promise,
    ended,
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGTERM");
      } catch { /* It has ended. */ }
      await ended;
    },
  };
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

/** The seller's orders, without values that a restart changes. */
async function ordersOf(env: StackEnvironment): Promise<string[]> {
  const { client } = await signInSeller(env, "ada@example.com", "a-password");
  const { data } = await client.from("orders").select("tiktok_order_id, order_status");
  return (data ?? []).map((order) => `${order.tiktok_order_id} ${order.order_status}`).toSorted();
}

interface Place extends AsyncDisposable {
  /** Only its owner may enter this folder: where that is root, Postgres's own user may not. */
  parent: string;
  data: string;
  port: number;
  dbPort: number;
  /** Options of a start. */
  args: string[];
}

async function makePlace(): Promise<Place> {
  const parent = await Deno.makeTempDir();
  const data = join(parent, "data");
  const [port, dbPort] = [freePort(), freePort()];
  const settings = join(parent, "settings.env");
  await Deno.writeTextFile(settings, "TIKTOK_SERVICE_ID=from-the-file\nTIKTOK_KEY=not-shown\n");
  const ports = ["--port", String(port), "--db-port", String(dbPort)];
  const args = [...ports, "--data", data, "--variables", settings];
  return {
    ...{ parent, data, port, dbPort, args },
    async [Symbol.asyncDispose]() {
      await callCommand("stop", ["--data", data]);
      await Deno.remove(parent, { recursive: true });
    },
  };
}

/** Connects a sample shop, which brings its orders of the last days, and orders. Returns the seller's orders. */
async function receiveFirstOrders(env: StackEnvironment): Promise<string[]> {
  const seller = await signInSeller(env, "ada@example.com", "a-password");
  await connectWithCode(env, seller, await authorizeSimulatedShop(env, SAMPLE_SHOP_ID));
  await until("the sample orders are stored", async () => (await ordersOf(env)).length === SAMPLES);
  await receiveOrder(env, SAMPLES + 1);
  return await ordersOf(env);
}

/** A buyer orders, and the webhook brings it: the seller has so many orders then. */
async function receiveOrder(env: StackEnvironment, count: number): Promise<string> {
  const response = await fetch(`${env.TIKTOK_API_URL}/control/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ shop_id: SAMPLE_SHOP_ID }),
  });
  const { order_id: orderId, answers } = await response.json();
  assert.deepEqual(answers, [200]);
  await until("the order is stored", async () => (await ordersOf(env)).length === count);
  return `${orderId} awaiting_shipment`;
}

/** Another start with the same folder or a used port fails and says why. */
async function refuseSecondStart({ parent, data, port, dbPort }: Place): Promise<void> {
  const other = join(parent, "other");
  const kept = await Array.fromAsync(Deno.readDir(parent), ({ name }) => name);
  const sameData = await callCommand("start", ["--port", "0", "--db-port", "0", "--data", data]);
  assert.equal(sameData.code, 1);
  assert.match(sameData.text, /A stack is running from .* already \(process \d+\)/);
  const samePort = await callCommand("start", [
    "--port",
    String(port),
    "--db-port",
    "0",
    "--data",
    other,
  ]);
  assert.equal(samePort.code, 1);
  assert.match(samePort.text, new RegExp(`Port ${port} is taken.*--port`));
  const named = `On port ${port} another CreatorFlow stack answers\\. .*: --port 0 --db-port 0\n$`;
  assert.match(samePort.text, new RegExp(named));
  const ports = ["--port", String(port), "--db-port", String(dbPort)];
  assert.deepEqual(await Array.fromAsync(Deno.readDir(parent), ({ name }) => name), kept);
  const samePorts = await callCommand("start", [...ports, "--data", other]);
  assert.equal(samePorts.code, 1);
  const both = `Ports ${port} and ${dbPort} are taken.*: --port \\d+ --db-port \\d+`;
  assert.match(samePorts.text, new RegExp(both));
  const dbPortArgs = ["--port", "0", "--db-port", String(dbPort), "--data", other];
  const sameDbPort = await callCommand("start", dbPortArgs);
  assert.equal(sameDbPort.code, 1);
  assert.match(sameDbPort.text, new RegExp(`Port ${dbPort} is taken.*--db-port`));
  assert.deepEqual(await Array.fromAsync(Deno.readDir(parent), ({ name }) => name), kept);
}

/** What a person sees of a running stack from another terminal. */
async function lookAtStack(data: string, env: StackEnvironment): Promise<void> {
  const [status, link, logs, one] = await Promise.all([
    callCommand("status", ["--data", data]),
    callCommand("open", ["--data", data, "--print"]),
    callCommand("logs", ["--data", data, "--function", "tiktok-webhooks"]),
    callCommand("logs", ["--data", data, "--json", "--lines", "1"]),
  ]);
  assert.equal(status.code, 0, status.text);
  assert.match(
    status.text,
    /^Running +process \d+[^]*\nSince +\S+Z, \d+ (?:s|min)\n[^]*\nHealth +healthy/,
  );
  assert.ok(status.text.includes(env.SUPABASE_URL));
  assert.match(
    status.text,
    /\nPostgres +postgresql:\S+ +\(\. \S+\/env; psql "\$SUPABASE_DB_URL"\)\n/,
  );
  const { origin, pathname, hash } = new URL(link.text.trim());
  assert.deepEqual([origin, pathname], [env.SUPABASE_URL, "/operator/sign-in"]);
  const response = await fetch(`${origin}/console/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: hash.slice(1) }),
  });
  assert.deepEqual(await response.json(), { signed_in: true });
  assert.match(logs.text, / info +tiktok-webhooks +webhook received +.*tiktok_order_id=\d+/);
  assert.doesNotMatch(logs.text, / {2}spans {2}|tiktok-oauth/);
  assert.equal(one.text.trim().split("\n").length, 1);
  assert.ok(JSON.parse(one.text).time);
  for (const { text } of [status, logs, one]) {
    assert.ok(!text.includes(env.SUPABASE_SECRET_KEY) && !text.includes("ada@example.com"));
  }
}

/** After `kill -9` of the stack. */
async function lookAtKilledStack(data: string): Promise<void> {
  const status = await callCommand("status", ["--data", data]);
  assert.equal(status.code, 1);
  assert.match(
    status.text,
    /^No stack runs from .*task start --data .*\nThe last one, .*was killed/,
  );
  const stop = await callCommand("stop", ["--data", data]);
  assert.deepEqual([stop.code, /nothing was stopped/.test(stop.text)], [0, true]);
}

async function functionHostEnded(data: string): Promise<void> {
  const pid = Number(await Deno.readTextFile(join(data, "function-host.pid")));
  await until("the function host has ended", () => Promise.resolve(!isAlive(pid)));
}

/** Calls `start`, which fails, with a variable in the environment of this process. */
async function startWith(name: string, value: string, args: string[]): Promise<CommandResult> {
  Deno.env.set(name, value);
  try {
    return await callCommand("start", args);
  } finally {
    Deno.env.delete(name);
  }
}

/** A wrong variable is named in one line, and nothing is left running. */
async function refuseWrongVariable({ args, port, dbPort }: Place): Promise<void> {
  const { code, stdout } = await startWith("TIKTOK_API_URL", "nonsense", args);
  assert.equal(code, 1);
  assert.equal(
    stdout,
    "\nThe stack did not start. In the environment: TIKTOK_API_URL is not an http(s) URL. " +
      "Nothing was started.\n",
  );
  // Another key is found out when the database and the functions run.
  const keys = `local1:${new Uint8Array(32).toBase64()}`;
  const late = await startWith("ENCRYPTION_KEYS", keys, args);
  assert.equal(late.code, 1, late.text);
  assert.match(
    late.stdout,
    /migrations\n[^]*\nThe stack did not start\. The key "local1" of ENCRYPTION_KEYS is not/,
  );
  assert.ok(isFree(port) && isFree(dbPort));
}

/** Two starts at once: the one that starts, and the one that is refused. */
async function startTwice(args: string[]): Promise<[CommandResult, CommandResult]> {
  const [one, other] = await Promise.all([startInProcess(args), startInProcess(args)]);
  return one.code === 0 ? [one, other] : [other, one];
}

Deno.test("start, Ctrl-C, start again, kill -9, start --detach, stop, start with a wrong variable, reset", async () => {
  await using place = await makePlace();
  const { data, port, dbPort, args } = place;

  await using first = await start(args);
  const env = await readEnvironment(data);
  const expected = await receiveFirstOrders(env);
  assert.equal(env.TIKTOK_SERVICE_ID, "from-the-file");
  await lookAtStack(data, env);
  await refuseSecondStart(place);

  // One Ctrl-C: the terminal sends it, and npx and `deno task` pass it on.
  for (let times = 0; times < 3; times++) first.process.kill("SIGINT");
  const firstText = await first.ended;
  assert.equal((await first.process.status).code, 0);
  assert.match(firstText, /Stopped\./);
  assert.match(firstText, /^warning: \S+, line 2: TIKTOK_KEY is unknown, and is ignored/m);
  assert.match(
    firstText,
    / 200 +\d+ ms +POST \S+tiktok-webhooks +ORDER_STATUS_CHANGE, order \d+, shop/,
  );
  assert.doesNotMatch(
    firstText,
    /\/rest\/v1\/rpc\/|\/simulators\/tiktok\/api|access_token|not-shown/,
  );
  assert.ok(isFree(port) && isFree(dbPort));

  await using second = await start(args);
  // Five seconds, where the first start, which makes the data, shows that the machine has time.
  const atMost = Math.max(5, first.readySeconds);
  assert.ok(second.readySeconds < atMost, `the second start took ${second.readySeconds} s`);
  assert.deepEqual(await readEnvironment(data), env);
  assert.deepEqual(await ordersOf(env), expected);
  await using pages = await watchRestart(env, { email: "ada@example.com" });
  second.process.kill("SIGKILL");
  await second.ended;
  await functionHostEnded(data);
  await lookAtKilledStack(data);
  await pages?.seeEnd();

  const [third, loser] = await startTwice([...args, "--detach"]);
  assert.equal(third.code, 0, third.text);
  assert.doesNotMatch(third.text, /did not start|already/);
  assert.equal(loser.code, 1, loser.text);
  assert.match(
    loser.text,
    /^\nThe stack did not start\. A stack is (?:starting|running) from .* already \(process \d+\)/,
  );
  assert.doesNotMatch(loser.text, /Postgres|ready after/);
  assert.match(
    third.text,
    /ready after [^]*It runs in the background; .*task stop[^]*stack\.log\n$/,
  );
  assert.deepEqual(await ordersOf(env), expected);
  const another = await receiveOrder(env, SAMPLES + 2);
  assert.ok((await ordersOf(env)).includes(another));
  await pages?.seeOrder(another.split(" ")[0] as string);
  const whileRunning = await callCommand("reset", ["--data", data]);
  assert.equal(whileRunning.code, 1);
  assert.match(whileRunning.text, /A stack is running/);
  const stopped = await callCommand("stop", ["--data", data]);
  assert.equal(stopped.code, 0, stopped.text);
  assert.match(stopped.text, /^Stopping the stack [^]*\nStopped\. /);
  assert.ok(isFree(port) && isFree(dbPort));
  await refuseWrongVariable(place);

  const reset = await callCommand("reset", ["--data", data]);
  assert.equal(reset.code, 0);
  assert.equal(await Deno.stat(data).then(() => true, () => false), false);
});

test("a shop of another account is refused, and connect-shop without a shop takes a free one", async (stack) => {
  const connect = (email: string, ...options: string[]) =>
    callCommand("connect_shop", [email, "--data", stack.data, ...options]);
  assert.equal((await connect("ada@example.com")).code, 0);
  const refused = await connect("bob@example.com", "--shop-id", SAMPLE_SHOP_ID);
  assert.equal(refused.code, 1);
  assert.match(refused.text, /connected to another account already/);
  assert.equal((await stack.sql`select from public.tiktok_shops`).length, 1);
  const unknown = await connect("eve@example.com", "--shop-id", "7490000000000000999");
  assert.equal(unknown.code, 1, unknown.text);
  assert.equal((await stack.sql`select from auth.users where email like 'eve%'`).length, 0);
  for (const email of ["bob@example.com", "cara@example.com", "cara@example.com"]) {
    const { code, text } = await connect(email);
    assert.equal(code, 0, text);
  }
  const owners = await stack.sql`
    select shop_id, email from public.tiktok_shops as shop
    join auth.users as owner on owner.id = shop.user_id order by connected_at`;
  assert.deepEqual(owners.map(({ email }) => email), [
    ...["ada@example.com", "bob@example.com", "cara@example.com"],
  ]);
  assert.equal(new Set(owners.map(({ shop_id }) => shop_id)).size, 3);
  const wrong = await connect("bob@example.com", "--password", "another-password");
  assert.equal(wrong.code, 1);
  assert.match(wrong.text, /signed up with another password.*--password/);
});

Deno.test("an outside service replaces the simulator where its address is set", async () => {
  const paths: string[] = [];
  await using outside = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      paths.push(new URL(request.url).pathname);
      return Response.json({ code: 105002, message: "Expired credentials." });
    },
  );
  const url = `http://127.0.0.1:${outside.addr.port}`;
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
  await assert.rejects(connectWithCode(stack.env, seller, "code-123"), /does not accept the code/);
  assert.deepEqual(paths, ["/api/v2/token/get"]);
});

Deno.test("start has --help, and refuses an unknown option with exit code 2", async () => {
  const [help, wrong] = await Promise.all(
    [["--help"], ["--nonsense"]].map((args) => callCommand("start", args)),
  ) as [CommandResult, CommandResult];
  assert.equal(help.code, 0);
  assert.match(help.text, /npx -y deno@2\.9\.5 task start/);
  assert.equal(wrong.code, 2);
  assert.match(wrong.text, /--nonsense.*--help/);
});
