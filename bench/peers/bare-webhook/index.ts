/** A webhook without a product around it: reads, verifies, parses, and stores with one call. */
import { Hono } from "hono";
import { createHmac, timingSafeEqual } from "node:crypto";

const key = Deno.env.get("TIKTOK_APP_KEY") ?? "";
const secret = Deno.env.get("TIKTOK_APP_SECRET") ?? "";
const url = `${Deno.env.get("SUPABASE_URL")}/rest/v1/rpc/receive_webhook_event`;
const apikey = JSON.parse(Deno.env.get("SUPABASE_SECRET_KEYS") ?? "{}").default;

const encoder = new TextEncoder();
const app = new Hono().basePath("/bare-webhook");

app.post("/", async (c) => {
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  const signature = createHmac("sha256", secret).update(key).update(bytes).digest("hex");
  const given = encoder.encode(c.req.header("authorization"));
  if (given.length !== 64 || !timingSafeEqual(given, encoder.encode(signature))) {
    return c.body(null, 403);
  }
  const body = new TextDecoder().decode(bytes);
  const { type, tts_notification_id, shop_id, data } = JSON.parse(body);
  const event = {
    p_source: "tiktok",
    p_external_id: tts_notification_id,
    p_event_type: type === 1 ? "ORDER_STATUS_CHANGE" : String(type),
    p_shop_id: shop_id,
    p_object_id: data.order_id,
    p_body: body,
  };
  const response = await fetch(url, {
    method: "POST",
    headers: { apikey, "content-type": "application/json" },
    body: JSON.stringify(event),
  });
  const { event_id } = await response.json();
  return c.body(null, response.ok && event_id > 0 ? 200 : 503);
});

export default app;
