import assert from "node:assert/strict";
import { joinTransactionSetup } from "./transaction_setup.ts";

type Sent = [statement: string, ...parameters: unknown[]];

interface Driver {
  reserve(): Promise<{
    unsafe(statement: string, parameters?: unknown[]): Promise<unknown>;
    release(): void;
  }>;
}

/** A driver of postgres.js that only remembers. */
function rememberingDriver(refused?: RegExp): { driver: Driver; sent: Sent[] } {
  const sent: Sent[] = [];
  let isAborted = false;
  const unsafe = (statement: string, parameters: unknown[] = []) => ({
    async execute() {
      sent.push([statement, ...parameters]);
      await Promise.resolve();
      if (isAborted) throw new Error("current transaction is aborted");
      isAborted = refused?.test(statement) ?? false;
      if (isAborted) throw new Error(`refused: ${statement}`);
      return [{ statement }];
    },
  });
  const reserve = () => Promise.resolve({ unsafe, release() {} });
  const driver = { reserve } as unknown as Driver;
  joinTransactionSetup({ driver } as unknown as Parameters<typeof joinTransactionSetup>[0]);
  return { driver, sent };
}

Deno.test("a transaction's settings arrive in one query before its first statement, and stay out of its text", async () => {
  const { driver, sent } = rememberingDriver();
  const { unsafe } = await driver.reserve();
  await unsafe("begin");
  await unsafe("SELECT set_config('role', $1, true)", ["anon"]);
  await unsafe("SELECT set_config('response.status', '', true)");
  await unsafe('select set_config($1, $2, $3) as "value"', ["statement_timeout", "3s", true]);
  assert.deepEqual(sent, []);
  assert.deepEqual(await unsafe("select 1"), [{ statement: "select 1" }]);
  await unsafe("SELECT set_config('role', $1, true)", ["later"]);
  await unsafe("commit");
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
  const { driver, sent } = rememberingDriver();
  const { unsafe } = await driver.reserve();
  await unsafe("begin");
  await unsafe("SELECT set_config('role', $1, $2)", ["anon", false]);
  await unsafe("commit");
  await unsafe("begin");
  await unsafe("select set_config('role', name, true) from roles");
  assert.deepEqual(sent.map(([statement]) => statement), [
    "begin",
    "SELECT set_config('role', $1, $2)",
    "commit",
    "begin",
    "select set_config('role', name, true) from roles",
  ]);
});

Deno.test("a transaction without a statement sends nothing", async () => {
  const { driver, sent } = rememberingDriver();
  const { unsafe } = await driver.reserve();
  await unsafe("begin");
  await unsafe("SELECT set_config('role', $1, true)", ["anon"]);
  await unsafe("rollback");
  assert.deepEqual(sent, []);
});

Deno.test("a refused setting is the error of the first statement", async () => {
  const { driver } = rememberingDriver(/set_config/);
  const { unsafe } = await driver.reserve();
  await unsafe("begin");
  await unsafe("SELECT set_config('role', $1, true)", ["unknown"]);
  await assert.rejects(unsafe("select 1"), /refused: select set_config/);
});
