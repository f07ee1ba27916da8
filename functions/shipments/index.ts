/** Called by sellers with their access token: rates, labels, voids. */
import * as z from "zod";
import { DatabaseError } from "../../shared/database/errors.ts";
import { createApp } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { Problem } from "../../shared/http/problem.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { getBatch, requestBatch } from "../../shared/shipping/label_batch.ts";
import { buyLabel } from "../../shared/shipping/buy_label.ts";
import { LabelError, labelProblem } from "../../shared/shipping/errors.ts";
import { fetchLabel, hasLiveLink } from "../../shared/shipping/fetch_label.ts";
import { getRates } from "../../shared/shipping/get_rates.ts";
import { voidLabel } from "../../shared/shipping/void_label.ts";
import { createEventProcessor } from "../../shared/event_routes.ts";
import { createLabelDependencies } from "../../shared/shipping/dependencies.ts";
import { BatchBody, hashOf, LabelBody, RatesBody, readIdempotencyKey } from "./bodies.ts";

const { database, processor } = createEventProcessor();
const labels = createLabelDependencies(database);

/** A hundred labels, each with an address and its line items. */
const MAX_BATCH_BYTES = 512 * 1024;

const app = createApp("shipments", { callers: signedInUsers(database) });

/** What is not the caller's is not there. */
function notFound(what: "order" | "shipment" | "batch"): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof DatabaseError) || error.code !== "PT404") throw error;
    throw new Problem({
      status: 404,
      code: `${what}_not_found`,
      detail: `You have no such ${what}.`,
    });
  };
}

function readId(id: string, what: "shipment" | "batch"): string {
  const { success } = z.uuid().safeParse(id);
  if (!success) return notFound(what)(new DatabaseError("read", "PT404"));
  return id;
}

app.post("/rates", async (c) => {
  const { user } = c.var;
  const { from, ...wanted } = await readJson(c.req.raw, RatesBody);
  const rates = await getRates(labels, user.id, { ...wanted, sender: from })
    .catch(notFound("order"));
  return c.json({ rates });
});

app.post("/", async (c) => {
  const { user } = c.var;
  const idempotencyKey = readIdempotencyKey(c.req.raw);
  const request = await readJson(c.req.raw, LabelBody);
  const wanted = { userId: user.id, idempotencyKey, hash: hashOf(request), request };
  const { created, shipment } = await buyLabel(labels, wanted).catch(notFound("order"));
  // TikTok is told of it.
  if (created) runInBackground(processor.processEvents());
  return c.json(shipment, created ? 201 : 200);
});

app.get("/", async (c) => {
  const { user } = c.var;
  const { success, data: orderId } = z.uuid().safeParse(c.req.query("order_id"));
  if (!success) {
    const detail = "Say whose labels you want: ?order_id=, the id of an order in the table orders.";
    throw new Problem({ status: 400, code: "order_id_required", detail });
  }
  const shipments = await labels.purchases.list(user.id, orderId).catch(notFound("order"));
  return c.json({ shipments });
});

app.post("/batch", async (c) => {
  const { user } = c.var;
  const key = readIdempotencyKey(c.req.raw);
  const body = await readJson(c.req.raw, BatchBody, MAX_BATCH_BYTES);
  const hash = hashOf(body);
  const answer = await requestBatch(database, user.id, { key, hash, items: body.labels });
  if (answer.outcome === "key_reused") throw labelProblem("idempotency_key_reused");
  runInBackground(processor.processEvents());
  return c.json(answer.batch, answer.outcome === "accepted" ? 202 : 200);
});

app.get("/batch/:id", async (c) => {
  const { user } = c.var;
  const id = readId(c.req.param("id"), "batch");
  return c.json(await getBatch(database, user.id, id).catch(notFound("batch")));
});

app.get("/:id", async (c) => {
  const { user } = c.var;
  const id = readId(c.req.param("id"), "shipment");
  const { shipment } = await labels.purchases.get(user.id, id).catch(notFound("shipment"));
  return c.json(shipment);
});

app.get("/:id/label", async (c) => {
  const { user } = c.var;
  const id = readId(c.req.param("id"), "shipment");
  const found = await labels.purchases.get(user.id, id).catch(notFound("shipment"));
  let { shipment } = found;
  if (shipment.state === "voided") throw labelProblem("label_voided");
  const isLive = hasLiveLink(shipment, Date.now());
  if (!isLive || shipment.label_format !== found.purchase.label_format) {
    shipment = await fetchLabel(labels, id).catch((error) => {
      if (!(error instanceof LabelError)) throw error;
      // A label in another format is better than none.
      if (isLive) return shipment;
      const isAway = ["carrier_unavailable", "tiktok_unavailable", "carrier_busy"].includes(
        error.code,
      );
      throw labelProblem(isAway ? "label_unavailable" : error.code, error);
    });
  }
  const { label_url, label_format, label_expires_at, tracking_number } = shipment;
  return c.json({ label_url, label_format, label_expires_at, tracking_number });
});

app.post("/:id/void", async (c) => {
  const { user } = c.var;
  const id = readId(c.req.param("id"), "shipment");
  return c.json(await voidLabel(labels, user.id, id).catch(notFound("shipment")));
});

export default app;
