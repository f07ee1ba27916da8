import assert from "node:assert/strict";
import { joinTransactionSetup, type PipelinedClient } from "./transaction_setup.ts";

type Sent = [statement: string, ...parameters: unknown[]];

/** A connection that only remembers, and refuses some statements as Postgres does. */
function rememberingClient(refused?: RegExp): { client: PipelinedClient; sent: Sent[] } {
  const sent: Sent[] = [];
  let isAborted = false;
  const client: PipelinedClient = {
    async query(statement, parameters) {
      sent.push([statement, ...parameters]);
      await Promise.resolve();
      if (isAborted) throw new Error("current transaction is aborted");
      isAborted = refused?.test(statement) ?? false;
      if (isAborted) throw new Error(`refused: ${statement}`);
      return { command: "SELECT", rowCount: 1, rows: [{ statement }] };
    },
    release() {},
  };
  return { client: joinTransactionSetup(client), sent };
}

Deno.test("a transaction's settings arrive in one query before its first statement, and stay out of its text", async () => {
  const { client, sent } = rememberingClient();
  await client.query("begin", []);
  await client.query("SELECT set_config('role', $1, true)", ["anon"]);
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
