/** Orders that wait for room in the plan, as a sentence. */
import { countOf } from "./format.ts";

interface Held {
  held: number;
  held_to_ship: number;
}

/** `2 orders wait for room in your plan, 1 of them must be shipped.` */
export function describeHeld({ held, held_to_ship: toShip }: Held): string {
  const verb = held === 1 ? "waits" : "wait";
  const start = `${countOf(held, "order")} ${verb} for room in your plan`;
  if (toShip === 0) return `${start}.`;
  if (held === 1) return `${start} and must be shipped.`;
  const part = toShip === held ? "all of them" : `${toShip} of them`;
  return `${start}; ${part} must be shipped.`;
}
