import assert from "node:assert/strict";
// @ts-types="../../postgres/pg.d.ts"
import type { Pool } from "pg";
import { listSamples } from "./samples.ts";

const ADA = { email: "ada@creatorflow.test", name: "Ada", about: "Plan Growth" };
const BOB = { email: "bob@creatorflow.test", name: "Bob", about: "Trial" };

/** A database that has these accounts. */
function list(accounts: string[]) {
  const query = (_text: string, [emails]: [string[]]) =>
    Promise.resolve({
      rows: emails.filter((email) => accounts.includes(email)).map((email) => ({ email })),
    });
  return listSamples({
    pool: { query } as unknown as Pool,
    ...{ samples: [ADA, BOB], samplePassword: "local-password", seedCommand: "task db:seed" },
  });
}

Deno.test("the start page offers the sample sellers that exist, and the command that makes them", async () => {
  assert.deepEqual(await list([]), {
    ...{ samples: [], password: "local-password", command: "task db:seed" },
  });
  assert.deepEqual((await list([BOB.email, "you@example.com"])).samples, [BOB]);
});
