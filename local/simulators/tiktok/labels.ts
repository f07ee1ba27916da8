/** Shipping documents: where they are to be had, for 24 hours, and the files themselves. */
import { Hono } from "hono";
import { equalInConstantTime } from "../../../shared/crypto/constant_time.ts";
import { signApiRequest } from "../../../shared/tiktok/api/signing.ts";
import { refusals } from "./envelope.ts";
import type { GateOptions } from "./gate.ts";
import {
  DOCUMENT_TYPES,
  documentPages,
  type DocumentType,
  PAGE_SIZES,
  type PageSize,
  pdf,
  zpl,
} from "./label_document.ts";

const VALID_SECONDS = 24 * 3600;

export interface DocumentRequest {
  type: DocumentType;
  size: PageSize;
  format: "PDF" | "ZPL";
}

function isOneOf<T extends string>(values: readonly T[], value: string): value is T {
  return (values as readonly string[]).includes(value);
}

/** Hazmat and invoice labels, and pictures, are not simulated. @throws {TikTokRefusal} */
export function documentRequest(query: URLSearchParams, region: string): DocumentRequest {
  const type = query.get("document_type");
  const size = query.get("document_size") ?? "A6";
  const format = query.get("document_format") ?? "PDF";
  if (!type) throw refusals.missing("query.document_type");
  if (!isOneOf(DOCUMENT_TYPES, type)) throw refusals.invalid("query.document_type");
  if (!isOneOf(Object.keys(PAGE_SIZES) as PageSize[], size)) {
    throw refusals.invalid("query.document_size");
  }
  // TikTok prints ZPL in Brazil only.
  if (!isOneOf(region === "BR" ? ["PDF", "ZPL"] : ["PDF"], format)) {
    throw refusals.invalid("query.document_format");
  }
  return { type, size, format: format as DocumentRequest["format"] };
}

/** @param base Where the simulator is reached. */
export async function documentUrl(
  base: string,
  packageId: string,
  { type, size, format }: DocumentRequest,
  { appSecret, now }: GateOptions,
): Promise<string> {
  const path = `/labels/${packageId}`;
  const expire = String(Math.floor(now() / 1000) + VALID_SECONDS);
  const query = { type, size, format, expire };
  const sign = await signApiRequest({ path, query }, appSecret);
  return `${base.replace(/\/$/, "")}${path}?${new URLSearchParams({ ...query, sign })}`;
}

/** The files: for everybody who has the whole address, as long as it is good. */
export function labelRoutes({ state, appSecret, now }: GateOptions): Hono {
  const app = new Hono();
  app.get("/labels/:packageId", async (c) => {
    const query = c.req.query();
    const path = `/labels/${c.req.param("packageId")}`;
    const sign = await signApiRequest({ path, query }, appSecret);
    const isGood = equalInConstantTime(query.sign ?? "", sign);
    if (!isGood || !(Number(query.expire) > now() / 1000)) return c.text("Forbidden", 403);
    const found = state.get("packages", c.req.param("packageId"));
    const order = state.get("orders", found?.orderId ?? "");
    if (found === undefined || order === undefined) return c.text("Not found", 404);
    // As they were signed.
    const { type, size, format } = query as unknown as DocumentRequest;
    const pages = documentPages(type, found, order);
    return format === "ZPL"
      ? c.body(zpl(pages), 200, { "content-type": "x-application/zpl" })
      : c.body(pdf(pages, size), 200, { "content-type": "application/pdf" });
  });
  return app;
}
