/** The demo shows what it says, on a stack that is running. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startTestStack } from "../support/stack.ts";

async function runDemo(data: string): Promise<{ code: number; text: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "local/commands/demo.ts", "--data", data],
    cwd: new URL("../..", import.meta.url),
    stderr: "null",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

Deno.test("deno task demo: 50 orders with 15 duplicates, 10 in and 40 held; growth is bought, then all 50", async () => {
  await using stack = await startTestStack();
  const envFile = join(stack.data, "env");
  const variables = await Deno.readTextFile(envFile);
  const elsewhere = `${stack.env.SUPABASE_URL}/rest/v1`;
  await Deno.writeTextFile(
    envFile,
    variables.replace(/^STRIPE_API_URL=.*$/m, `STRIPE_API_URL=${elsewhere}`),
  );
  const refused = await runDemo(stack.data);
  assert.equal(refused.code, 1);
  assert.equal(
    refused.text.trim(),
    `The demo needs our Stripe simulator; ${elsewhere} is something else.`,
  );
  assert.equal((await stack.sql`select from public.users`).length, 0);

  await Deno.writeTextFile(envFile, variables);
  const { code, text } = await runDemo(stack.data);
  assert.equal(code, 0, text);
  assert.match(text, /^ {2}65 +65 +50 +10 +40 *$/m);
  assert.match(text, /^ {2}50 +0 *$/m);
  const [row] = await stack.sql`
    select count(*)::int as orders, count(distinct tiktok_order_id)::int as distinct_orders
    from public.orders`;
  assert.deepEqual({ ...row }, { orders: 50, distinct_orders: 50 });
  const subscriptions = await stack.sql`select plan_name, status from public.subscriptions`;
  assert.deepEqual(subscriptions.map((subscription) => ({ ...subscription })), [
    { plan_name: "growth", status: "active" },
  ]);
});
