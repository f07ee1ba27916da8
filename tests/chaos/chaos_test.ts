/** A short `deno task chaos`. */
import assert from "node:assert/strict";
import { checkTable } from "./check.ts";
import { faultsRandom, runChaos } from "./run.ts";
import { startOwnStack } from "../support/stack.ts";

const SEED = 11;

Deno.test({
  name: "chaos: 200 deliveries, kills and a restart of Postgres: nothing lost, nothing doubled",
  // Connections that the restart cut may stay in the driver: see startOwnStack.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using stack = await startOwnStack({ random: faultsRandom(SEED) });
    const checks = await runChaos(stack, {
      deliveries: 200,
      seed: SEED,
      killEverySeconds: 2,
      leastKills: 2,
      aftermathSeconds: 2,
      restarts: 1,
    });
    assert.ok(checks.every((check) => check.ok), `seed ${SEED}\n${checkTable(checks)}`);
  },
});
