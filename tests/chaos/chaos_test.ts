/** A short `deno task chaos`, and an attack on Postgres alone, on one stack of their own. */
import assert from "node:assert/strict";
import { sampleSize } from "../support/sample_size.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { type OwnStack, startOwnStack } from "../support/stack.ts";
import { checkTable } from "./check.ts";
import { surviveOutages } from "./outages.ts";
import { faultsRandom, runChaos } from "./run.ts";

const SEED = 11;

const DELIVERIES = sampleSize({ gate: 140, long: 200 });
/** Stops of Postgres, by SIGKILL and SIGQUIT in turn. */
const STOPS = sampleSize({ gate: 2, long: 4 });
const CLIENTS = sampleSize({ gate: 5, long: 30 });

let stack: OwnStack;

const step = testOnOneStack(
  "a stack survives what fails around it",
  async () => stack = await startOwnStack({ random: faultsRandom(SEED) }),
);

step(
  `chaos: ${DELIVERIES} deliveries, kills and a restart of Postgres: nothing lost, nothing doubled`,
  async () => {
    const checks = await runChaos(stack, {
      deliveries: DELIVERIES,
      seed: SEED,
      killEverySeconds: 2,
      leastKills: 2,
      aftermathSeconds: 2,
      restarts: 1,
    });
    assert.ok(checks.every((check) => check.ok), `seed ${SEED}\n${checkTable(checks)}`);
  },
);

step(
  `Postgres stopped ${STOPS} times under ${CLIENTS} clients: all requests are answered, and a stop takes under 5 s`,
  async () => {
    await surviveOutages(stack, { stops: STOPS, clients: CLIENTS });
  },
);
