/** `/v2/shipments`: made, rated, bought, refunded, and read by EasyPost's id or the caller's own. */
import { type Context, Hono } from "hono";
import type { Accounts } from "./accounts.ts";
import { refusals } from "./errors.ts";
import { jsonBody, page } from "./gate.ts";
import { timestamp } from "./ids.ts";
import type { Behaviour } from "./options.ts";
import { buyLabel } from "./purchase.ts";
import { requestRefund } from "./refunds.ts";
import { makeShipment } from "./shipment_factory.ts";
import { viewShipment } from "./shipment_view.ts";
import {
  type EasyPostState,
  LABEL_FORMATS,
  type LabelFormat,
  type SimulatedShipment,
} from "./state.ts";

/** What the routes of the API work with. */
export interface ApiOptions {
  state: EasyPostState;
  accounts: Accounts;
  behaviour: Behaviour;
  mode: string;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Without it, labels are at the host that was called. */
  publicUrl?: string;
}

export function shipmentRoutes(options: ApiOptions): Hono {
  const { state, mode, now, publicUrl } = options;

  function view(c: Context, shipment: SimulatedShipment) {
    const baseUrl = publicUrl ?? new URL(c.req.url).origin;
    return viewShipment(shipment, { state, mode, baseUrl });
  }

  /** The shipment that a call names. @throws {EasyPostRefusal} */
  function named(c: Context): SimulatedShipment {
    const shipment = state.findShipment(c.req.param("id") ?? "");
    if (shipment === undefined) throw refusals.notFound();
    return shipment;
  }

  const app = new Hono();
  app.post("/", async (c) => {
    const shipment = makeShipment(await jsonBody(c.req.raw), { mode, now: now() });
    state.put("shipments", shipment.id, shipment);
    return c.json(view(c, shipment), 201);
  });

  /** Bought ones only, unless `purchased=false` asks for all. */
  app.get("/", (c) => {
    const shipments = state.all("shipments").filter((shipment) =>
      shipment.purchase !== null || c.req.query("purchased") === "false"
    );
    const { items, hasMore } = page(shipments, c.req.query());
    return c.json({ shipments: items.map((shipment) => view(c, shipment)), has_more: hasMore });
  });

  app.get("/:id", (c) => c.json(view(c, named(c))));

  app.post("/:id/buy", async (c) => {
    const body = await jsonBody(c.req.raw);
    return c.json(view(c, buyLabel(named(c), body, options)));
  });

  app.post("/:id/refund", (c) => c.json(view(c, requestRefund(named(c), options))));

  app.get("/:id/label", (c) => {
    const shipment = named(c);
    if (shipment.purchase === null) throw refusals.notBought();
    const wanted = c.req.query("file_format")?.toUpperCase() as LabelFormat | undefined;
    if (wanted === undefined || !LABEL_FORMATS.includes(wanted)) throw refusals.labelFormat();
    const { label } = shipment.purchase;
    const converted = [...new Set([...label.converted, wanted])];
    const changed = {
      ...shipment,
      purchase: {
        ...shipment.purchase,
        label: { ...label, converted, updatedAt: timestamp(now()) },
      },
    };
    state.put("shipments", shipment.id, changed);
    return c.json(view(c, changed));
  });
  return app;
}
