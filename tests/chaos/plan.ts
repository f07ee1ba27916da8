/** Plan of a chaos run: the changes at TikTok and the order of its webhooks, all from the seed. */
import type { Random } from "../support/random.ts";

/** A new order, or a new state of one; each has its own notification. */
export interface Change {
  type: "change";
  /** Unique in the run. */
  id: number;
  /** Index of the order. */
  order: number;
  /** Index of the shop that sells it. */
  shop: number;
  status: string;
  isNew: boolean;
}

export interface Delivery {
  type: "delivery";
  change: Change;
}

export interface Plan {
  /** Changes, and deliveries of earlier changes. */
  steps: (Change | Delivery)[];
  orders: number;
  changes: number;
  deliveries: number;
  /** Deliveries that come after one of a newer state of the same order. */
  late: number;
}

export interface PlanOptions {
  deliveries: number;
  /** Share of the deliveries that come a second time or more. */
  duplicates: number;
  /** Weight of each shop's sales. */
  shops: number[];
}

/** The states of an order in their sequence. */
const ORDER_STATES = [
  "UNPAID",
  "ON_HOLD",
  "AWAITING_SHIPMENT",
  "AWAITING_COLLECTION",
  "IN_TRANSIT",
  "DELIVERED",
  "COMPLETED",
];

/** The states that one order goes through: half of the orders have one, the others up to four. */
function statesOf(random: Random, most: number): string[] {
  const draw = random.next();
  const count = Math.min(most, draw < 0.5 ? 1 : draw < 0.75 ? 2 : draw < 0.9 ? 3 : 4);
  const first = random.whole(0, 2);
  const states = ORDER_STATES.slice(first, first + count);
  if (count > 1 && random.chance(0.15)) states[count - 1] = "CANCELLED";
  return states;
}

function weighted(random: Random, weights: number[]): number {
  let rest = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(0, weights.findIndex((weight) => (rest -= weight) < 0));
}

function countLate(steps: Plan["steps"]): number {
  const newest = new Map<number, number>();
  let late = 0;
  for (const step of steps) {
    if (step.type === "change") continue;
    const { order, id } = step.change;
    // Ids rise with the states of an order.
    if (id < (newest.get(order) ?? id)) late++;
    newest.set(order, Math.max(id, newest.get(order) ?? id));
  }
  return late;
}

/** Time is the number of the delivery: it runs from 0 to a little more than `deliveries`. */
export function makePlan(random: Random, options: PlanOptions): Plan {
  const { deliveries } = options;
  const duplicates = Math.round(deliveries * options.duplicates);
  const placed: { at: number; step: Change | Delivery }[] = [];
  const firsts: { at: number; change: Change }[] = [];
  let orders = 0;
  for (let left = deliveries - duplicates; left > 0; orders++) {
    const shop = weighted(random, options.shops);
    const states = statesOf(random, left);
    left -= states.length;
    let at = random.next() * deliveries * 0.9;
    for (const [n, status] of states.entries()) {
      const id = firsts.length;
      const change: Change = { type: "change", id, order: orders, shop, status, isNew: n === 0 };
      placed.push({ at, step: change });
      // Most come soon, out of order; some so late that newer states are stored already.
      const delay = random.next() * (random.chance(0.2) ? deliveries * 0.2 : deliveries * 0.02);
      firsts.push({ at: at + delay, change });
      // The next state may come before this one was delivered.
      at += random.next() * deliveries * 0.05;
    }
  }
  const repeated = Array.from({ length: duplicates }, () => {
    const { at, change } = firsts[random.whole(0, firsts.length - 1)] as typeof firsts[number];
    // Some at the same moment as the first, the others later.
    return { at: random.chance(0.2) ? at : at + random.next() * deliveries * 0.3, change };
  });
  for (const { at, change } of [...firsts, ...repeated]) {
    placed.push({ at, step: { type: "delivery", change } });
  }
  // Stable: a change stands before its own deliveries.
  const steps = placed.sort((a, b) => a.at - b.at).map(({ step }) => step);
  return { steps, orders, changes: firsts.length, deliveries, late: countLate(steps) };
}
