/** Refuses a purchase while another purchase of the same shipment is in progress. */
import type { MiddlewareHandler } from "hono";
import { refusals } from "./errors.ts";
import type { EasyPostState } from "./state.ts";

export interface LockOptions {
  state: EasyPostState;
  isAuthorized: (request: Request) => boolean;
}

export interface PurchaseLock {
  /** Before the faults: a purchase that a fault delays is in progress, too. */
  hold: MiddlewareHandler;
  /** After the faults: refuses the calls that arrived while the lock was held. */
  refuse: MiddlewareHandler;
}

export function purchaseLock({ state, isAuthorized }: LockOptions): PurchaseLock {
  const held = new Set<string>();
  const tooEarly = new WeakSet<Request>();
  return {
    hold: async (c, next) => {
      const shipment = state.findShipment(c.req.param("id") ?? "");
      if (shipment === undefined || !isAuthorized(c.req.raw)) return await next();
      if (held.has(shipment.id)) {
        tooEarly.add(c.req.raw);
        return await next();
      }
      held.add(shipment.id);
      try {
        await next();
      } finally {
        held.delete(shipment.id);
      }
    },
    refuse: async (c, next) => {
      if (tooEarly.has(c.req.raw)) throw refusals.inProgress();
      await next();
    },
  };
}
