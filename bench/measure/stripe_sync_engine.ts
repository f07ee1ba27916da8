/** The peer of `bench stripe`, with its schema in the given Postgres. */
import { createRequire } from "node:module";
import type * as Engine from "@supabase/stripe-sync-engine";

/** As CommonJS: its module for `import` does not find its own migrations. */
const engine = createRequire(import.meta.url)("@supabase/stripe-sync-engine") as typeof Engine;

/** Stores what an event says, and reads nothing from Stripe. */
export async function startStripeSyncEngine(
  databaseUrl: string,
  connections: number,
): Promise<Engine.StripeSync> {
  const logger = { info() {}, error: (error: unknown) => Promise.reject(error) };
  await engine.runMigrations({ databaseUrl, schema: "stripe", logger: logger as never });
  return new engine.StripeSync({
    poolConfig: { connectionString: databaseUrl, max: connections, idleTimeoutMillis: 0 },
    stripeSecretKey: "sk_test_bench",
    stripeWebhookSecret: "whsec_bench",
    autoExpandLists: false,
    backfillRelatedEntities: false,
  });
}
