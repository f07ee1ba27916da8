/** `/v2/shipments`: create, buy, refund, and read by EasyPost's id or the caller's reference. */
import { type Context, Hono } from "hono";
import type { Accounts } from "./accounts.ts";
import type { Behaviour } from "./behaviour.ts";
import { buyLabel } from "./buy_label.ts";
import { createShipment } from "./create_shipment.ts";
import { describeShipment } from "./describe_shipment.ts";
import { refusals } from "./errors.ts";
import { timestamp } from "./ids.ts";
import { jsonBody } from "./json_body.ts";
import type { Mode } from "./objects.ts";
import { requestRefund } from "./refunds.ts";
import {
  type EasyPostState,
  LABEL_FORMATS,
  type LabelFormat,
  type SimulatedShipment,
} from "./state.ts";

export interface ShipmentsApi {
  state: EasyPostState;
  accounts: Accounts;
  behaviour: Behaviour;
  mode: Mode;
  /** Milliseconds since 1970. */
  now: () => number;
  /** @default {the origin of the call} */
  publicUrl?: string;
}

export function shipmentRoutes(api: ShipmentsApi): Hono {
  const { state, mode, now, publicUrl } = api;

  function describe(c: Context, shipment: SimulatedShipment) {
    const baseUrl = publicUrl ?? new URL(c.req.url).origin;
    return describeShipment(shipment, { state, mode, baseUrl });
  }

  /** @throws {EasyPostRefusal} */
  function namedShipment(c: Context): SimulatedShipment {
    const shipment = state.findShipment(c.req.param("id") ?? "");
    if (shipment === undefined) throw refusals.notFound();
    return shipment;
  }

  const app = new Hono();
  app.post("/", async (c) => {
    const shipment = createShipment(await jsonBody(c.req.raw), { mode, now: now() });
    state.put("shipments", shipment.id, shipment);
    return c.json(describe(c, shipment), 201);
  });

  app.get("/:id", (c) => c.json(describe(c, namedShipment(c))));

  app.post("/:id/buy", async (c) => {
    const body = await jsonBody(c.req.raw);
    return c.json(describe(c, buyLabel(namedShipment(c), body, api)));
  });

  app.post("/:id/refund", (c) => c.json(describe(c, requestRefund(namedShipment(c), api))));

  app.get("/:id/label", (c) => {
    const shipment = namedShipment(c);
    if (shipment.purchase === null) throw refusals.notBought();
    const wanted = c.req.query("file_format")?.toUpperCase() as LabelFormat | undefined;
    if (wanted === undefined || !LABEL_FORMATS.includes(wanted)) throw refusals.labelFormat();
    const { purchase } = shipment;
    const { format: drawn, formats } = purchase.label;
    // EasyPost converts PNG only, and each format once.
    if (drawn !== "PNG" || formats.includes(wanted)) throw refusals.labelFormat();
    const label = {
      ...purchase.label,
      formats: [...formats, wanted],
      updatedAt: timestamp(now()),
    };
    const changed = { ...shipment, purchase: { ...purchase, label } };
    state.put("shipments", shipment.id, changed);
    return c.json(describe(c, changed));
  });
  return app;
}
