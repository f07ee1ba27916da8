/** The Stripe customer of a seller: there is one, whatever happens at the same time. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { sampleSize } from "../support/sample_size.ts";
import { createTestDatabase } from "../support/stack.ts";

Deno.test("eight requests that store the new customer of a seller at once all get it", async () => {
  const database = await createTestDatabase();
  const sql = postgres(database.url, { max: 8, onnotice: () => {} });
  try {
    const customer = `v1.test.${"i".repeat(16)}.${"c".repeat(22)}`;
    for (let seller = 0; seller < sampleSize({ gate: 80, long: 2000 }); seller++) {
      const id = crypto.randomUUID();
      const email = `${id}@example.com`;
      await sql`insert into auth.users (id, email) values (${id}, ${email})`;
      const store = async () => {
        const hash = `hash of ${id}`;
        const [row] = await sql`
          select public.store_stripe_customer(${id}, ${customer}, ${hash}, ${email}) as stored`;
        return row?.stored;
      };
      const answers = await Promise.all(Array.from({ length: 8 }, store));
      assert.deepEqual(answers, Array(8).fill(customer));
    }
  } finally {
    await sql.end();
    await database.drop();
  }
});
