/** The demo shows what it says, on a stack that is running. */
import assert from "node:assert/strict";
import { startTestStack } from "./support/stack.ts";

Deno.test("deno task demo: 50 orders with 15 duplicates, 10 in and 40 held, then all 50", async () => {
  await using stack = await startTestStack();
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "local/demo.ts", "--data", stack.data],
    cwd: new URL("..", import.meta.url),
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text);
  assert.match(text, /^ {2}65 +65 +50 +10 +40 *$/m);
  assert.match(text, /^ {2}50 +0 *$/m);
  const [row] = await stack.sql`
    select count(*)::int as orders, count(distinct tiktok_order_id)::int as distinct_orders
    from public.orders`;
  assert.deepEqual({ ...row }, { orders: 50, distinct_orders: 50 });
});
