/** Called by sellers with their access token: rates, labels, voids, own tracking numbers. */
import { readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { limitRequests } from "../../shared/http/request_limits.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { handleWith } from "../../shared/inbox/events.ts";
import { Inbox } from "../../shared/inbox/inbox.ts";
import { EventProcessor } from "../../shared/inbox/process_events.ts";
import { createWakeWorker } from "../../shared/inbox/wake_worker.ts";
import { buyLabel } from "../../shared/shipping/buy_label.ts";
import { isFoundAtTikTok } from "../../shared/shipping/check_order.ts";
import { createLabelDependencies } from "../../shared/shipping/dependencies.ts";
import { getLabelLink } from "../../shared/shipping/fetch_label.ts";
import { getRates } from "../../shared/shipping/get_rates.ts";
import { getBatch, requestBatch } from "../../shared/shipping/label_batch.ts";
import { listCarriers } from "../../shared/shipping/own_carriers.ts";
import { markShipped } from "../../shared/shipping/mark_shipped.ts";
import { addOwnTracking, correctTracking } from "../../shared/shipping/own_tracking.ts";
import { voidLabel } from "../../shared/shipping/void_label.ts";
import type { CarriersAnswer, LabelAnswer, RatesAnswer, ShipmentsAnswer } from "./answers.ts";
import {
  BatchBody,
  hashRequest,
  LabelBody,
  OwnTrackingBody,
  RatesBody,
  readId,
  readIdempotencyKey,
  readOrderId,
  TrackingBody,
} from "./bodies.ts";
import { describeBatch, toProblem } from "./problems.ts";

const supabase = readSupabaseConfig();
const database = createServiceClient(supabase);
const wakeWorker = createWakeWorker(supabase);
const labels = createLabelDependencies(database);

/** An own number reaches TikTok before its answer: the seller sees a refusal. */
const processor = new EventProcessor(new Inbox(database), {
  creatorflow: { MARK_SHIPPED: handleWith(() => labels, markShipped) },
});

/** A hundred labels, each with an address and its line items. */
const MAX_BATCH_BYTES = 512 * 1024;

/** A shipment; `/batch`, `/own` and `/rates` take other methods. */
const SHIPMENT = "/:id{(?!batch$|own$|rates$)[^/]+}";

const app = createApp("shipments", {
  callers: signedInUsers(supabase),
  limits: limitRequests(database, ["POST /shipments/rates"]),
  toProblem,
});

app.post("/rates", async (c) => {
  const wanted = await readJson(c.req.raw, RatesBody);
  const rates = await getRates(labels, c.var.user.id, wanted);
  return c.json({ rates } satisfies RatesAnswer);
});

app.post("/", async (c) => {
  const idempotencyKey = readIdempotencyKey(c.req.raw);
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
  const request = await readJson(c.req.raw, OwnTrackingBody);
  const wanted = { userId: c.var.user.id, idempotencyKey, hash: hashRequest(request), request };
  const { created, shipment } = await addOwnTracking({ labels, processor }, wanted);
  // Tracks the parcel.
  if (created) wakeWorker();
  return c.json(shipment, created ? 201 : 200);
});

app.get("/carriers", async (c) => {
  const orderId = readOrderId(c.req.raw);
  const carriers = await listCarriers(labels, c.var.user.id, orderId);
  return c.json({ carriers } satisfies CarriersAnswer);
});

app.get("/", async (c) => {
  const orderId = readOrderId(c.req.raw);
  const shipments = await labels.purchases.list(c.var.user.id, orderId);
  return c.json({ shipments } satisfies ShipmentsAnswer);
});

app.post("/batch", async (c) => {
  const key = readIdempotencyKey(c.req.raw);
  const body = await readJson(c.req.raw, BatchBody, MAX_BATCH_BYTES);
  const wanted = { key, hash: hashRequest(body), items: body.labels };
  const { created, batch } = await requestBatch(database, c.var.user.id, wanted);
  wakeWorker();
  return c.json(describeBatch(batch), created ? 202 : 200);
});

app.get("/batch/:id", async (c) => {
  const id = readId(c.req.param("id"), "batch_not_found");
  return c.json(describeBatch(await getBatch(database, c.var.user.id, id)));
});

app.get(SHIPMENT, async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  const { shipment } = await labels.purchases.get(c.var.user.id, id);
  return c.json(shipment);
});

app.get("/:id/label", async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  const link: LabelAnswer = await getLabelLink(labels, c.var.user.id, id);
  return c.json(link);
});

app.post("/:id/void", async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  return c.json(await voidLabel(labels, c.var.user.id, id));
});

app.post("/:id/tracking", async (c) => {
  const id = readId(c.req.param("id"), "shipment_not_found");
  const tracking = await readJson(c.req.raw, TrackingBody);
  const shipment = await correctTracking({ labels, processor }, c.var.user.id, id, tracking);
  wakeWorker();
  return c.json(shipment);
});

export default app;
