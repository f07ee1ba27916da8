/** Returns of orders: their buyers ask for them, and TikTok pays them back. */
import { refusals } from "./envelope.ts";
import { randomDigits } from "./ids.ts";
import type { SimulatedOrder, SimulatedReturn, SimulatorState } from "./state.ts";

/** A return in one of these ends there. */
const ENDS: readonly string[] = [
  "RETURN_OR_REFUND_REQUEST_CANCEL",
  "RETURN_OR_REFUND_REQUEST_COMPLETE",
  "REPLACEMENT_REQUEST_CANCEL",
  "REPLACEMENT_REQUEST_REFUND_SUCCESS",
  "REPLACEMENT_REQUEST_COMPLETE",
];

export function hasEnded({ status }: SimulatedReturn): boolean {
  return ENDS.includes(status);
}

export interface NewReturn {
  /** @default {"RETURN_AND_REFUND"} */
  type?: SimulatedReturn["type"];
  /** @default {what the buyer paid for the products} */
  refundTotal?: string;
  /** Unix seconds. @default {now} */
  at?: number;
}

export interface FoundReturn {
  order: SimulatedOrder;
  found: SimulatedReturn;
}

export class Returns {
  readonly #state: SimulatorState;
  readonly #seconds: () => number;

  /** @param seconds The present time in Unix seconds. */
  constructor(state: SimulatorState, seconds: () => number) {
    this.#state = state;
    this.#seconds = seconds;
  }

  /** Every return, the oldest order's first. */
  all(): FoundReturn[] {
    return this.#state.all("orders").flatMap((order) =>
      (order.returns ?? []).map((found) => ({ order, found }))
    );
  }

  find(id: string): FoundReturn | undefined {
    return this.all().find(({ found }) => found.id === id);
  }

  #save(order: SimulatedOrder, changed: SimulatedReturn): FoundReturn {
    const others = (order.returns ?? []).filter(({ id }) => id !== changed.id);
    const saved = { ...order, returns: [...others, changed] };
    this.#state.put("orders", order.id, saved);
    return { order: saved, found: changed };
  }

  /** A buyer asks for a return. Sends no webhook. @throws {TikTokRefusal} for an unknown order */
  request(orderId: string, { type = "RETURN_AND_REFUND", ...given }: NewReturn = {}): FoundReturn {
    const order = this.#state.get("orders", orderId);
    if (order === undefined) throw refusals.invalid("order_id");
    const { sub_total = "0.00" } = (order.detail.payment ?? {}) as { sub_total?: string };
    const at = given.at ?? this.#seconds();
    return this.#save(order, {
      id: `4035${randomDigits(15)}`,
      type,
      status: type === "REPLACEMENT"
        ? "REPLACEMENT_REQUEST_PENDING"
        : "RETURN_OR_REFUND_REQUEST_PENDING",
      refundTotal: given.refundTotal ?? sub_total,
      createTime: at,
      updateTime: at,
    });
  }

  /** A return moves on. Sends no webhook. */
  move(
    { order, found }: FoundReturn,
    status: SimulatedReturn["status"],
    refundTotal = found.refundTotal,
  ): FoundReturn {
    // `update_time` always grows.
    const updateTime = Math.max(this.#seconds(), found.updateTime + 1);
    return this.#save(order, { ...found, status, refundTotal, updateTime });
  }

  /** TikTok pays the buyer of a return back, at `at`, unix seconds. Returns its id. Sends no webhook. */
  payBack(orderId: string, refundTotal: string, at = this.#seconds()): string {
    const { order, found } = this.request(orderId, { refundTotal, at });
    this.#save(order, { ...found, status: "RETURN_OR_REFUND_REQUEST_COMPLETE" });
    return found.id;
  }
}
