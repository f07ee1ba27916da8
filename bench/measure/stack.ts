/** A local stack of the bench's own, with connected shops. */
import { join } from "node:path";
import postgres from "postgres";
import { redirectConsole } from "../../local/cli/console.ts";
import { makeTemporaryData } from "../../local/leftovers/temporary_folder.ts";
import { authorizeSimulatedShop, connectWithCode, signInSeller } from "../../local/stack/seller.ts";
import { type Stack, startStack } from "../../local/stack/stack.ts";
import { pollUntil } from "../../local/time/poll_until.ts";

const TIMEOUT_MS = 600_000;

export interface BenchStack extends AsyncDisposable {
  stack: Stack;
  sql: postgres.Sql;
}

/** Without schedules: what runs is what the bench calls. */
export async function startBenchStack(): Promise<BenchStack> {
  await using resources = new AsyncDisposableStack();
  const temporary = resources.use(await makeTemporaryData("creatorflow-bench-"));
  redirectConsole(join(temporary.path, "console.log"));
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    data: temporary.path,
    confirmEmail: false,
    environment: {},
    schedule: false,
  });
  resources.defer(() => stack.stop());
  const sql = postgres(stack.env.SUPABASE_DB_URL, { max: 2, onnotice: () => {} });
  resources.defer(() => sql.end());
  const kept = resources.move();
  return { stack, sql, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** A seller's shop, with a plan that no order fills. */
export async function connectShop(
  { stack, sql }: Pick<BenchStack, "stack" | "sql">,
  id: string,
): Promise<void> {
  stack.tiktok?.addShop({ id });
  const seller = await signInSeller(stack.env, `shop-${id}@example.com`, "a-password");
  await connectWithCode(stack.env, seller, await authorizeSimulatedShop(stack.env, id));
  await sql`update public.plans set monthly_order_limit = 1000000`;
}

/** @throws {Error} after ten minutes */
export async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const isTrue = await pollUntil(holds, { timeoutMs: TIMEOUT_MS, intervalMs: 20 });
  if (!isTrue) throw new Error("It did not happen within ten minutes.");
}

export async function isSettled(sql: postgres.Sql): Promise<boolean> {
  const open = await sql`
    select from private.event_queue where status in ('pending', 'processing') limit 1`;
  return open.length === 0;
}
