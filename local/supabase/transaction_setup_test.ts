import assert from "node:assert/strict";
import { joinTransactionSetup, type PipelinedClient } from "./transaction_setup.ts";

type Sent = [statement: string, ...parameters: unknown[]];

/** A connection that only remembers, and refuses some statements as Postgres does. */
function rememberingClient(
  refused?: RegExp,
  isKnown = true,
): { client: Pick<PipelinedClient, "query">; sent: Sent[] } {
  const sent: Sent[] = [];
  let isAborted = false;
  async function query(statement: string, parameters: readonly unknown[]) {
    sent.push([statement, ...parameters]);
    await Promise.resolve();
    if (statement === "rollback") isAborted = false;
    if (isAborted) throw new Error("current transaction is aborted");
    isAborted = refused?.test(statement) ?? false;
    if (isAborted) throw new Error(`refused: ${statement}`);
    return { command: "SELECT", rowCount: 1, rows: [{ statement }] };
  }
  const client: PipelinedClient = {
    query,
    queryTexts: query,
    isKnown: () => isKnown,
    release() {},
  };
  return { client: joinTransactionSetup(client), sent };
}

Deno.test("a transaction's settings arrive in one query before its first statement, and stay out of its text", async () => {
  const { client, sent } = rememberingClient();
  await client.query("begin", []);
  await client.query('SET LOCAL ROLE "anon"', []);
  await client.query("SELECT set_config('response.status', '', true)", []);
  await client.query('select set_config($1, $2, $3) as "value"', ["statement_timeout", "3s", true]);
  assert.deepEqual(sent, []);
  assert.deepEqual((await client.query("select 1", [])).rows, [{ statement: "select 1" }]);
  await client.query("SELECT set_config('role', $1, true)", ["later"]);
  await client.query("commit", []);
  assert.deepEqual(sent, [
    ["begin"],
    [
      "select set_config($1, $2, true), set_config($3, $4, true), set_config($5, $6, true)",
      ...["role", "anon", "response.status", "", "statement_timeout", "3s"],
    ],
    ["select 1"],
    ["SELECT set_config('role', $1, true)", "later"],
    ["commit"],
  ]);
});

Deno.test("a setting of the session is not held back, nor one that is read from a row", async () => {
  const { client, sent } = rememberingClient();
  await client.query("begin", []);
  await client.query("SELECT set_config('role', $1, $2)", ["anon", false]);
  await client.query("commit", []);
  await client.query("begin", []);
  await client.query("select set_config('role', name, true) from roles", []);
  assert.deepEqual(sent.map(([statement]) => statement), [
    "begin",
    "SELECT set_config('role', $1, $2)",
    "commit",
    "begin",
    "select set_config('role', name, true) from roles",
  ]);
});

Deno.test("a transaction without a statement sends nothing", async () => {
  const { client, sent } = rememberingClient();
  await client.query("begin", []);
  await client.query("SELECT set_config('role', $1, true)", ["anon"]);
  await client.query("rollback", []);
  assert.deepEqual(sent, []);
});

Deno.test("a refused setting is the error of the first statement", async () => {
  const { client } = rememberingClient(/set_config/);
  await client.query("begin", []);
  await client.query("SELECT set_config('role', $1, true)", ["unknown"]);
  await assert.rejects(client.query("select 1", []), /refused: select set_config/);
});

const CALL = "select * from public.count_orders(p_shop := $1)";
const ANSWER = "SELECT current_setting('response.status', true) AS status";

async function callFunction(client: Pick<PipelinedClient, "query">): Promise<unknown[]> {
  await client.query("begin", []);
  await client.query(CALL, ["a"]);
  const { rows } = await client.query(ANSWER, []);
  await client.query("commit", []);
  return rows;
}

const SENT_CALL = [["begin"], [CALL, "a"], [ANSWER], ["commit"]];

Deno.test("the answer of a call is read once, behind the call, as soon as its statement is known", async () => {
  const { client, sent } = rememberingClient();
  await callFunction(client);
  sent.length = 0;
  await client.query("begin", []);
  await client.query(CALL, ["a"]);
  assert.deepEqual(sent, SENT_CALL.slice(0, 3));
  assert.deepEqual((await client.query(ANSWER, [])).rows, [{ statement: ANSWER }]);
  await client.query("commit", []);
  assert.deepEqual(sent, SENT_CALL);
});

Deno.test("the answer of a call that Postgres describes first is read after it", async () => {
  const { client, sent } = rememberingClient(undefined, false);
  for (let call = 0; call < 2; call++) await callFunction(client);
  assert.deepEqual(sent, [...SENT_CALL, ...SENT_CALL]);
});

Deno.test("a session keeps the plans of calls and of their answers, and of no other statement", async () => {
  const kept: string[] = [];
  const query = (statement: string, _parameters: readonly unknown[], keepsPlan = false) => {
    if (keepsPlan) kept.push(statement);
    return Promise.resolve({ command: "SELECT", rowCount: 0, rows: [] });
  };
  const client = joinTransactionSetup({
    query,
    queryTexts: query,
    isKnown: () => true,
    release() {},
  });
  await callFunction(client);
  await callFunction(client);
  await client.query("begin", []);
  await client.query("select id from orders where id in ($1, $2)", ["a", "b"]);
  await client.query("commit", []);
  assert.deepEqual(kept, [CALL, CALL, ANSWER]);
});

Deno.test("a call that fails is one error, and the next transaction reads its own answer", async () => {
  const { client, sent } = rememberingClient(/fail/);
  await callFunction(client);
  await client.query("begin", []);
  await assert.rejects(
    client.query("select * from public.fail(p_shop := $1)", ["a"]),
    /refused: select \* from public.fail/,
  );
  await client.query("rollback", []);
  sent.length = 0;
  await client.query("begin", []);
  await client.query("select 1", []);
  assert.deepEqual((await client.query(ANSWER, [])).rows, [{ statement: ANSWER }]);
  assert.deepEqual(sent, [["begin"], ["select 1"], [ANSWER]]);
});
