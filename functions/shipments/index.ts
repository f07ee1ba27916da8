/** Called by sellers with their access token: rates, labels, voids, own tracking numbers. */
import { readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { limitRequests } from "../../shared/http/request_limits.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { createWakeWorker } from "../../shared/inbox/wake_worker.ts";
import { readLabelConfig } from "../../shared/shipping/label_config.ts";
import { getShipment, listShipments } from "../../shared/shipping/read_shipments.ts";
import { createOnFirstUse } from "../../shared/values/create_on_first_use.ts";
import type { CarriersAnswer, LabelAnswer, RatesAnswer, ShipmentsAnswer } from "./answers.ts";
import { readId, readIdempotencyKey, readOrderId } from "./parameters.ts";
import { describeBatch, toProblem } from "./problems.ts";

const supabase = readSupabaseConfig();
const database = createServiceClient(supabase);
const wakeWorker = createWakeWorker(supabase);
const config = readLabelConfig();

/** Code that only some requests need; most read rows. */
const useCases = createOnFirstUse(async () => {
  const { createProcessor, ...calls } = await import("./lazy_use_cases.ts");
  const labels = calls.createLabelDependencies(database, config);
  return { ...calls, labels, processor: createProcessor(labels) };
});

/** A hundred labels, each with an address and its line items. */
const MAX_BATCH_BYTES = 512 * 1024;

/** A shipment; `/batch`, `/own` and `/rates` take other methods. */
const SHIPMENT = "/:id{(?!batch$|own$|rates$)[^/]+}";

const app = createApp("shipments", {
  callers: signedInUsers(supabase),
  // Each may call TikTok or EasyPost, whose quotas all sellers share.
  limits: limitRequests(database, [
    "POST /shipments/rates",
    "POST /shipments",
    "POST /shipments/batch",
    "POST /shipments/own",
    "POST /shipments/:id/tracking",
    "POST /shipments/:id/void",
    "GET /shipments/:id/label",
    "GET /shipments/carriers",
  ]),
  toProblem,
});

app.post("/rates", async (c) => {
  const { getRates, labels, RatesBody } = await useCases();
  const wanted = await readJson(c.req.raw, RatesBody);
  const rates = await getRates(labels, c.var.user.id, wanted);
  return c.json({ rates } satisfies RatesAnswer);
});

app.post("/", async (c) => {
  const idempotencyKey = readIdempotencyKey(c.req.raw);
  const { buyLabel, hashRequest, isFoundAtTikTok, LabelBody, labels } = await useCases();
  const request = await readJson(c.req.raw, LabelBody);
  const wanted = { userId: c.var.user.id, idempotencyKey, hash: hashRequest(request), request };
  const { created, shipment } = await buyLabel(labels, wanted).catch((error) => {
    // Reads the order again, so that the seller's next request sees it as it is.
    if (isFoundAtTikTok(error)) wakeWorker();
    throw error;
  });
  // Notifies TikTok.
  if (created) wakeWorker();
  return c.json(shipment, created ? 201 : 200);
});

app.post("/own", async (c) => {
  const idempotencyKey = readIdempotencyKey(c.req.raw);
  const { addOwnTracking, hashRequest, labels, OwnTrackingBody, processor } = await useCases();
  const request = await readJson(c.req.raw, OwnTrackingBody);
  const wanted = { userId: c.var.user.id, idempotencyKey, hash: hashRequest(request), request };
  const { created, shipment } = await addOwnTracking({ labels, processor }, wanted);
  // Tracks the parcel.
  if (created) wakeWorker();
  return c.json(shipment, created ? 201 : 200);
});

app.get("/carriers", async (c) => {
  const orderId = readOrderId(c.req.raw);
  const { labels, listCarriers } = await useCases();
  const carriers = await listCarriers(labels, c.var.user.id, orderId);
  return c.json({ carriers } satisfies CarriersAnswer);
});

app.get("/", async (c) => {
  const orderId = readOrderId(c.req.raw);
  const shipments = await listShipments(database, c.var.user.id, orderId);
  return c.json({ shipments } satisfies ShipmentsAnswer);
});

app.post("/batch", async (c) => {
  const key = readIdempotencyKey(c.req.raw);
  const { BatchBody, hashRequest, requestBatch } = await useCases();
  const body = await readJson(c.req.raw, BatchBody, MAX_BATCH_BYTES);
  const wanted = { key, hash: hashRequest(body), items: body.labels };
  const { created, batch } = await requestBatch(database, c.var.user.id, wanted);
  wakeWorker();
  return c.json(describeBatch(batch), created ? 202 : 200);
});

app.get("/batch/:id", async (c) => {
  const id = readId(c.req.param("id"), "batch_not_found");
  const { getBatch } = await useCases();
  return c.json(describeBatch(await getBatch(database, c.var.user.id, id)));
});

app.get(SHIPMENT, async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  return c.json(await getShipment(database, c.var.user.id, id));
});

app.get("/:id/label", async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  const { getLabelLink, labels } = await useCases();
  const link: LabelAnswer = await getLabelLink(labels, c.var.user.id, id);
  return c.json(link);
});

app.post("/:id/void", async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  const { labels, voidLabel } = await useCases();
  return c.json(await voidLabel(labels, c.var.user.id, id));
});

app.post("/:id/tracking", async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  const { correctTracking, labels, processor, TrackingBody } = await useCases();
  const tracking = await readJson(c.req.raw, TrackingBody);
  const shipment = await correctTracking({ labels, processor }, c.var.user.id, id, tracking);
  wakeWorker();
  return c.json(shipment);
});

export default app;
