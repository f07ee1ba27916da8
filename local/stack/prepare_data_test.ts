import assert from "node:assert/strict";
import { join } from "node:path";
import startCommand from "../commands/start.ts";
import { callCommand } from "../../tests/support/run_command.ts";
import { initialise } from "../postgres/initialise.ts";
import { makeDataFolder } from "./data_folder.ts";
import { deleteData, hasData, requireOwnFolder } from "./delete_data.ts";
import { lockData, lockStart } from "./lock.ts";
import { loadKeys } from "./keys.ts";
import { readEnvironment } from "./environment.ts";

async function withFolder(run: (data: string) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  await run(data);
  await Deno.remove(data, { recursive: true }).catch(() => {});
}

/** What a stack leaves in its folder, as far as a start looks at it. */
async function makeLeftovers(data: string, version: string): Promise<void> {
  (await lockData(data))[Symbol.dispose]();
  await Deno.mkdir(join(data, "postgres"));
  await Deno.writeTextFile(join(data, "postgres", "PG_VERSION"), `${version}\n`);
}

Deno.test("of two starts at once one is refused, and none while a stack runs: the log stays as it is", () =>
  withFolder(async (data) => {
    const log = join(data, "logs", "stack.log");
    const start = () => callCommand("start", ["--detach", "--data", data]);
    for (const [lock, state] of [[lockStart, "starting"], [lockData, "running"]] as const) {
      using _held = await lock(data);
      const { code, text } = await start();
      assert.equal(code, 1, text);
      const refusal =
        `^\nThe stack did not start\\. A stack is ${state} from .* \\(process ${Deno.pid}\\)`;
      assert.match(text, new RegExp(refusal));
      assert.doesNotMatch(text, /Postgres/);
      await assert.rejects(Deno.stat(log), Deno.errors.NotFound);
    }
    const starts = await Promise.allSettled([lockStart(data), lockStart(data)]);
    assert.deepEqual(starts.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    for (const one of starts) if (one.status === "fulfilled") one.value[Symbol.dispose]();
  }));

Deno.test("a start that is refused for its port leaves no new folder, and an older one as it is", () =>
  withFolder(async (parent) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const ports = ["--port", String(listener.addr.port), "--db-port", "0"];
    const start = (name: string) => callCommand("start", [...ports, "--data", join(parent, name)]);
    await Deno.mkdir(join(parent, "empty"));
    await Deno.mkdir(join(parent, "older"));
    await loadKeys(join(parent, "older"));
    await Deno.writeTextFile(join(parent, "older", "env"), "");
    // As after a start by root that ended while the cluster outside the folder was being made.
    await Deno.mkdir(join(parent, "begun"));
    (await lockData(join(parent, "begun")))[Symbol.dispose]();
    await Deno.writeTextFile(join(parent, "begun", "cluster"), crypto.randomUUID());
    const { log, info, warn, error, debug } = console;
    for (const name of ["new", "empty", "older", "begun"]) {
      const { code, text } = await start(name);
      assert.deepEqual([code, /Port \d+ is taken/.test(text)], [1, true], text);
      assert.doesNotMatch(text, /CreatorFlow stack/);
      const said = name === "older"
        ? "Its data is kept; start it again."
        : "It had made no data yet.";
      const { interrupted } = startCommand;
      assert.ok(typeof interrupted === "function");
      assert.equal(interrupted(), `Interrupted: the stack did not start. ${said}`);
    }
    // A start redirects them.
    Object.assign(console, { log, info, warn, error, debug });
    const left = await Array.fromAsync(Deno.readDir(parent), ({ name }) => name);
    assert.deepEqual(left.sort(), ["begun", "empty", "older"]);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(join(parent, "empty"))), []);
    assert.ok(await Deno.stat(join(parent, "older", "keys.json")));
  }));

Deno.test("attack: a start in a folder of other things is refused, and nothing in it changes", () =>
  withFolder(async (data) => {
    await Deno.writeTextFile(join(data, "page.md"), "a page");
    const { mode } = await Deno.stat(data);
    for (const more of [[], ["--detach"]]) {
      const ports = ["--port", "0", "--db-port", "0"];
      const { code, text } = await callCommand("start", [...ports, "--data", data, ...more]);
      assert.equal(code, 1, text);
      assert.match(text, /is not empty, and does not hold the data of a stack.*--data DIR\n$/);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(data), ({ name }) => name), ["page.md"]);
    assert.equal((await Deno.stat(data)).mode, mode);
  }));

Deno.test("what an early end leaves is a folder for the next start, and so are keys", () =>
  withFolder(async (data) => {
    await makeDataFolder(data);
    (await lockData(data))[Symbol.dispose]();
    (await lockStart(data))[Symbol.dispose]();
    await requireOwnFolder(data);
    await loadKeys(data);
    await Deno.writeTextFile(join(data, "notes.md"), "");
    await requireOwnFolder(data);
  }));

Deno.test("a start whose Postgres cannot be reached leaves no new folder, and an older one its keys", () =>
  withFolder(async (parent) => {
    const { log, info, warn, error, debug } = console;
    await Deno.mkdir(join(parent, "older"));
    await loadKeys(join(parent, "older"));
    const keys = await Deno.readTextFile(join(parent, "older", "keys.json"));
    Deno.env.set("SUPABASE_DB_URL", "postgresql://a:b@127.0.0.1:1/x");
    try {
      for (const args of [["new"], ["new", "--detach"], ["older"]]) {
        const [name = "", ...more] = args;
        const data = ["--data", join(parent, name), "--port", "0", ...more];
        const { code, text } = await callCommand("start", data);
        assert.deepEqual([code, /its Postgres cannot be used/.test(text)], [1, true], text);
      }
    } finally {
      Deno.env.delete("SUPABASE_DB_URL");
      Object.assign(console, { log, info, warn, error, debug });
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(parent), ({ name }) => name), ["older"]);
    assert.equal(await Deno.readTextFile(join(parent, "older", "keys.json")), keys);
  }));

Deno.test("attack: a cut keys.json is named with the way out, and stays as it is", () =>
  withFolder(async (data) => {
    await loadKeys(data);
    const path = join(data, "keys.json");
    const whole = await Deno.readTextFile(path);
    for (const cut of [whole.slice(0, -20), "", "[]", "{}", '{"ENCRYPTION_KEYS": 5}']) {
      await Deno.writeTextFile(path, cut);
      await assert.rejects(loadKeys(data), (error: Error) => {
        assert.match(
          error.message,
          /keys\.json (is damaged \(not a JSON object of texts\)|lacks \w+), .*Put back .* task reset/,
        );
        return error.name === "KeysLostError";
      });
      assert.equal(await Deno.readTextFile(path), cut);
    }
    assert.ok(await hasData(data), "task reset would refuse");
  }));

Deno.test("attack: a missing ENCRYPTION_KEYS is named, and no new key takes its place", () =>
  withFolder(async (data) => {
    const { ENCRYPTION_KEYS: _, ...rest } = await loadKeys(data);
    await Deno.writeTextFile(join(data, "keys.json"), JSON.stringify(rest));
    await assert.rejects(loadKeys(data), /lacks ENCRYPTION_KEYS/);
  }));

Deno.test("attack: data without its keys.json gets no new keys, and task reset deletes it", () =>
  withFolder(async (data) => {
    await makeLeftovers(data, "17");
    await assert.rejects(loadKeys(data), /keys\.json is missing, .* task reset --data/);
    assert.ok(await hasData(data));
    await deleteData(data);
    assert.equal(await Deno.stat(data).catch(() => "deleted"), "deleted");
  }));

Deno.test("task reset deletes what a start left that was killed before it made keys", () =>
  withFolder(async (data) => {
    await makeDataFolder(data);
    (await lockData(data))[Symbol.dispose]();
    assert.equal((await callCommand("reset", ["--data", data])).code, 0);
    assert.equal(await Deno.stat(data).catch(() => "deleted"), "deleted");

    await Deno.mkdir(join(data, "logs"), { recursive: true });
    await Deno.writeTextFile(join(data, "logs", "mine.log"), "");
    assert.equal((await callCommand("reset", ["--data", data])).code, 1);
    assert.ok(await Deno.stat(join(data, "logs", "mine.log")));
  }));

Deno.test("a folder with a Postgres that no stack made is not a stack's data", () =>
  withFolder(async (data) => {
    await makeLeftovers(data, "17");
    await Deno.remove(join(data, "lock"));
    assert.equal(await hasData(data), false);
    assert.equal((await callCommand("reset", ["--data", data])).code, 1);
    assert.ok(await Deno.stat(join(data, "postgres", "PG_VERSION")));
  }));

Deno.test("attack: data of another Postgres version is named with the way out, and is not touched", () =>
  withFolder(async (data) => {
    await makeLeftovers(data, "16");
    const place = {
      binaries: "/nowhere",
      version: "17.10.0-beta.17",
      data: join(data, "postgres"),
      account: undefined,
    };
    await assert.rejects(initialise(place, "secret"), (error: Error) => {
      assert.match(error.message, /is of Postgres 16, and this is Postgres 17\. .*task db:backup/);
      return error.name === "OtherVersionError";
    });
    assert.equal(await Deno.readTextFile(join(data, "postgres", "PG_VERSION")), "16\n");
    const same = { ...place, version: "16.4.0" };
    assert.equal(await initialise(same, "secret"), false);
  }));

Deno.test("attack: an env file that lacks a variable is named with the way out", () =>
  withFolder(async (data) => {
    await Deno.writeTextFile(join(data, "env"), "SUPABASE_URL=http://127.0.0.1:1\n");
    await assert.rejects(readEnvironment(data), /env lacks SUPABASE_\w+\. .*task start/);
  }));

Deno.test("task reset says which Postgres the data had: none yet, or the person's own", () =>
  withFolder(async (data) => {
    const reset = async (folder: string) => await callCommand("reset", ["--data", folder]);
    const [early, outside] = [join(data, "early"), join(data, "outside")];
    for (const folder of [early, outside]) {
      await Deno.mkdir(folder);
      await loadKeys(folder);
    }
    const none = await reset(early);
    assert.equal(none.code, 0);
    assert.match(none.text, /^It had made no Postgres of its own yet\.\nDeleted the stack/);
    await Deno.writeTextFile(join(outside, "env"), "");
    assert.match((await reset(outside)).text, /^Its Postgres was your own \(SUPABASE_DB_URL\)/);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(data)), []);
    const missing = await reset(early);
    assert.deepEqual([missing.code, /nothing was deleted/.test(missing.text)], [1, true]);
  }));
