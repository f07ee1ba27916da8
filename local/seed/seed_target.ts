/** What `db:seed` and `migration:reset` put into a database. */
import { resolve } from "node:path";
import { formatTable } from "../cli/table.ts";
import { namesDatabase, type Target, type TargetValues } from "../cli/target.ts";
import { withConnection } from "../postgres/connection.ts";
import { findRunningStack } from "../stack/running_stack.ts";
import type { StackEnvironment } from "../stack/environment.ts";
import { isSimulated } from "../stack/simulator_control.ts";
import { seedStack } from "./seed_stack.ts";
import { SEED_PASSWORD, SEEDED_SELLERS } from "./sellers.ts";

const ROWS = new URL("../../supabase/seed.sql", import.meta.url);

const SERVICES = ["tiktok", "easypost", "stripe"] as const;

/** The environment of the running stack, if all its outside services are our simulators. */
export async function findSimulatedStack(
  values: TargetValues,
): Promise<StackEnvironment | undefined> {
  if (namesDatabase(values)) return undefined;
  const env = await findRunningStack(resolve(values.data));
  const simulated = await Promise.all(SERVICES.map((service) => isSimulated(env, service)));
  return simulated.every(Boolean) ? env : undefined;
}

/** Seeds the stack and returns the text that says what it has. */
export async function seedSimulatedStack(env: StackEnvironment): Promise<string> {
  const startedAt = performance.now();
  const hasAdded = await seedStack(env);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const done = hasAdded
    ? `Seeded the running stack in ${seconds} s.`
    : "The running stack had every seeded seller already: nothing was added.";
  const rows = SEEDED_SELLERS.map(({ email, about }) => [email, about]);
  return `${done} Their shops are connected to TikTok's simulator.\n` +
    `The password of each is ${SEED_PASSWORD}.\n\n${formatTable(rows, { indent: "  " })}`;
}

/** Runs supabase/seed.sql: rows only. Returns the text that says what it is. */
export async function seedRows(target: Target): Promise<string> {
  // Not the CLI: `db query` takes one statement, and `db push --include-seed` skips a file that it has
  // run before. The whole file is one transaction.
  const rows = await Deno.readTextFile(ROWS);
  await withConnection(target.url, (sql) => sql.unsafe(rows));
  return `Seeded ${target.name} with the rows of supabase/seed.sql, which TikTok, EasyPost and Stripe ` +
    `do not know:
  ada@creatorflow.test    plan growth, two shops    password: ${SEED_PASSWORD}
  bob@creatorflow.test    trial, one shop           password: ${SEED_PASSWORD}`;
}
