/** Shipping labels: signed links that end after 24 hours, and the files behind them. */
import { Hono } from "hono";
import { LABEL_FILES, type LabelFormat } from "../label_files.ts";
import { addressOnLabel } from "./addresses.ts";
import { refusals } from "./envelope.ts";
import type { OpenApi } from "./open_api.ts";
import { signCall } from "./signatures.ts";

const VALID_SECONDS = 24 * 3600;

export const DOCUMENT_PARAMETERS = ["document_type", "document_size", "document_format"];

/**
 * The format of the label that a call wants. Packing slips, hazmat and invoice labels are not simulated.
 * @throws {TikTokRefusal}
 */
export function documentRequest(query: URLSearchParams, region: string): LabelFormat {
  const type = query.get("document_type");
  const format = query.get("document_format") ?? "PDF";
  if (!type) throw refusals.missing("query.document_type");
  if (type !== "SHIPPING_LABEL" && type !== "SHIPPING_LABEL_PICTURE") {
    throw refusals.invalid("query.document_type");
  }
  // TikTok draws ZPL in Brazil only.
  if (format !== "PDF" && !(format === "ZPL" && region === "BR")) {
    throw refusals.invalid("query.document_format");
  }
  return type === "SHIPPING_LABEL_PICTURE" ? "PNG" : format;
}

export function documentUrl(
  { publicUrl, app, now }: OpenApi,
  origin: string,
  packageId: string,
  format: LabelFormat,
): string {
  const path = `/labels/${packageId}`;
  const query = { format, expire: String(Math.floor(now() / 1000) + VALID_SECONDS) };
  const sign = signCall(app.appSecret, path, query);
  return `${publicUrl ?? origin}${path}?${new URLSearchParams({ ...query, sign })}`;
}

/** The files. The link is the only credential. */
export function labelRoutes({ state, app, now }: OpenApi): Hono {
  const routes = new Hono();
  routes.get("/labels/:packageId", (c) => {
    const { sign, ...query } = c.req.query();
    const path = `/labels/${c.req.param("packageId")}`;
    const isValid = sign === signCall(app.appSecret, path, query) &&
      Number(query.expire) > now() / 1000;
    if (!isValid) return c.text("Forbidden", 403);
    const found = state.get("packages", c.req.param("packageId"));
    if (found === undefined) return c.text("Not found", 404);
    const { id, trackingNumber = "", providerName = "" } = found;
    const label = ["SHIPPING LABEL", providerName, trackingNumber, `Package ${id}`];
    const { type, draw } = LABEL_FILES[query.format as LabelFormat];
    const address = addressOnLabel(state.get("orders", found.orderId)?.detail.recipient_address);
    return c.body(draw([...label, ...address]), 200, { "content-type": type });
  });
  return routes;
}
