/** Faults of the simulated TikTok in a chaos run. */
import type { Fault } from "../../local/simulators/faults.ts";
import type { OwnStack } from "../support/stack.ts";

/** Shares of all calls of TikTok. The first three, 20 % together, are failures. */
const FAULTS: (Fault & { probability: number })[] = [
  { kind: "internal", probability: 0.07 },
  { kind: "html", probability: 0.07 },
  { kind: "rate_limit", probability: 0.06 },
  // The real time limit would only make the run longer.
  { kind: "hang", probability: 0.02, delayMs: 1500 },
  // An older state of an order is answered when a newer one is stored already.
  { kind: "late", path: "/order/", probability: 0.03, delayMs: 700 },
];

/** The simulator draws one fault after the other: each gets its share of the calls that are left. */
export function setFaults(stack: OwnStack): void {
  let left = 1;
  for (const fault of FAULTS) {
    stack.tiktok.faults.add({ ...fault, probability: fault.probability / left });
    left -= fault.probability;
  }
}

/** Ends the faults; calls that hang are answered. */
export function clearFaults({ tiktok: { faults } }: OwnStack): void {
  faults.clear();
  faults.close();
}

/** Calls of TikTok, and how many of them were spoiled. */
export interface CallCount {
  all: number;
  failed: number;
  hung: number;
}

export function countCalls({ tiktok: { faults } }: OwnStack): CallCount {
  const spoiled = (...kinds: Fault["kind"][]) =>
    kinds.reduce((sum, kind) => sum + (faults.spoiled.get(kind) ?? 0), 0);
  return {
    all: faults.seen,
    failed: spoiled("internal", "html", "rate_limit"),
    hung: spoiled("hang"),
  };
}
