import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import * as config from "../../shared/config.ts";
import { readFunctionConfig } from "../functions/config.ts";
import { functionEnvironment, makeEnvironment } from "./environment.ts";
import { loadKeys } from "./keys.ts";
import { FUNCTION_CONCERNS, variablesOf } from "./receivers.ts";
import { functionRows, variableHelp, variableRows } from "./variable_table.ts";
import { type GivenVariables, variables } from "./variables.ts";

const ADDRESSES = { url: "http://127.0.0.1:1", databaseUrl: "postgresql://a:b@127.0.0.1:2/c" };

async function environment(given: GivenVariables = {}) {
  const data = await Deno.makeTempDir();
  try {
    return makeEnvironment(await loadKeys(data), ADDRESSES, given);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
}

Deno.test("shared/config.ts reads only variables of the table, and accepts their values", async () => {
  const own = functionEnvironment(await environment());
  const read = new Set<string>();
  const env = (name: string) => {
    read.add(name);
    return own[name];
  };
  for (const [name, reader] of Object.entries(config)) {
    if (name.startsWith("read")) await (reader as (env: unknown) => unknown)(env);
  }
  assert.deepEqual([...read].toSorted(), Object.keys(own).toSorted());
});

/** Cells of a table: the rows that begin with code, in a section of a page. */
function tableCells(page: string, heading: string): string[][] {
  const [, section = ""] = page.split(`\n${heading}\n`);
  const [table = ""] = section.split(/\n##+ /);
  return table.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("docs/local-stack.md has the tables of the variables and of the functions", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/local-stack.md", import.meta.url));
  assert.deepEqual(tableCells(page, "## Variables"), variableRows());
  assert.deepEqual(tableCells(page, "### Variables of the functions"), functionRows());
});

Deno.test("the help of start names every variable that may be set", () => {
  const help = variableHelp();
  for (const [name, row] of variables) {
    const isNamed = new RegExp(`^ +${name} `, "m").test(help);
    assert.equal(isNamed, !row.isFixed || name === "SUPABASE_DB_URL", name);
  }
});

Deno.test("every function of config.toml has its variables, and every part a function", async () => {
  const path = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));
  const names = (await readFunctionConfig(path)).map(({ name }) => name);
  assert.deepEqual(Object.keys(FUNCTION_CONCERNS).sort(), names.sort());
  const received = new Set(names.flatMap(variablesOf));
  for (const [name, row] of variables) assert.equal(received.has(name), !!row.concerns, name);
});

Deno.test("a function receives its own variables only", async () => {
  const env = await environment();
  assert.deepEqual(Object.keys(functionEnvironment(env, "billing")), [
    "SUPABASE_URL",
    "SUPABASE_PUBLISHABLE_KEYS",
    "SUPABASE_SECRET_KEYS",
    "SECRET_KEY_NAME",
    "APP_URL",
    "STRIPE_SECRET_KEY",
    "STRIPE_API_URL",
    "STRIPE_PRICE_STARTER",
    "STRIPE_PRICE_GROWTH",
    "STRIPE_PRICE_SCALE",
    "ORPHANED_SUBSCRIPTIONS",
    "ENCRYPTION_KEYS",
  ]);
  assert.deepEqual(JSON.parse(functionEnvironment(env).SUPABASE_SECRET_KEYS as string), {
    default: env.SUPABASE_SECRET_KEY,
  });
});

Deno.test("a variable of the environment wins, except over the stack's own addresses", async () => {
  const given = { STRIPE_API_URL: "https://api.stripe.com", TIKTOK_APP_KEY: "", SUPABASE_URL: "x" };
  const env = await environment({ ...given, SUPABASE_DB_URL: "y" });
  assert.equal(env.STRIPE_API_URL, "https://api.stripe.com");
  assert.match(env.TIKTOK_APP_KEY, /^[0-9a-f]{14}$/);
  assert.equal(env.SUPABASE_URL, ADDRESSES.url);
  assert.equal(env.SUPABASE_DB_URL, ADDRESSES.databaseUrl);
});

Deno.test("another TikTok has its own authorise pages, unless they are set", async () => {
  const simulated = await environment();
  assert.match(simulated.TIKTOK_AUTHORIZE_URL_US, /simulators\/tiktok\/open\/authorize$/);
  const auth = { TIKTOK_AUTH_URL: "https://auth.example" };
  assert.equal((await environment(auth)).TIKTOK_AUTHORIZE_URL, "");
  const page = await environment({ ...auth, TIKTOK_AUTHORIZE_URL: "https://page.example" });
  assert.equal(page.TIKTOK_AUTHORIZE_URL_US, "https://page.example");
});

Deno.test("keys are generated once; an older file gets the keys that it lacks", async () => {
  const data = await Deno.makeTempDir();
  const first = await loadKeys(data);
  assert.deepEqual(await loadKeys(data), first);
  const { STRIPE_SECRET_KEY: _, ...older } = first;
  await Deno.writeTextFile(`${data}/keys.json`, JSON.stringify(older));
  const { STRIPE_SECRET_KEY: added, ...kept } = await loadKeys(data);
  assert.match(added, /^sk_test_/);
  assert.deepEqual(kept, older);
  await Deno.remove(data, { recursive: true });
});

Deno.test("a line of the file of keys can be taken out again, also one that a start has added", async () => {
  const data = await Deno.makeTempDir();
  const path = `${data}/keys.json`;
  let previous: string = (await loadKeys(data)).SUPABASE_SECRET_KEY;
  for (let rotation = 0; rotation < 2; rotation++) {
    const lines = (await Deno.readTextFile(path)).split("\n");
    const others = lines.filter((line) => !/"SUPABASE_(SECRET_KEY|JWT_SECRET)"/.test(line));
    await Deno.writeTextFile(path, others.join("\n"));
    const { SUPABASE_SECRET_KEY: added } = await loadKeys(data);
    assert.notEqual(added, previous);
    previous = added;
  }
  await Deno.remove(data, { recursive: true });
});
