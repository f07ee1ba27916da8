/** `/labels`: the files of labels. */
import { Hono } from "hono";
import { LABEL_FILES } from "../label_files.ts";
import { refusals } from "./errors.ts";
import type { EasyPostState, SimulatedPurchase, SimulatedShipment } from "./state.ts";

/** What the label says, line by line. */
function labelLines({ toAddress: to }: SimulatedShipment, purchase: SimulatedPurchase): string[] {
  const { carrier, service } = purchase.rate;
  const lines = [
    `${carrier} ${service}`,
    purchase.trackingCode,
    "",
    to.name,
    to.street1,
    to.street2,
    [to.city, to.state, to.zip].filter(Boolean).join(" "),
    to.country,
  ];
  return lines.filter((line) => line !== null && line !== undefined);
}

/** `/labels/:file`. The link is the only credential. */
export function labelRoutes(state: EasyPostState): Hono {
  const app = new Hono();
  app.get("/:file", (c) => {
    const [id, extension = ""] = c.req.param("file").split(".");
    const shipment = state.all("shipments").find(({ purchase }) => purchase?.label.id === id);
    const purchase = shipment?.purchase;
    const format = purchase?.label.formats.find((made) => made.toLowerCase() === extension);
    if (!shipment || !purchase || format === undefined) throw refusals.notFound();
    const { type, draw } = LABEL_FILES[format];
    return c.body(draw(labelLines(shipment, purchase)), 200, { "content-type": type });
  });
  return app;
}
