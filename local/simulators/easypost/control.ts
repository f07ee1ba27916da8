/** `/control` of the simulator: what people and tests ask of it over HTTP. */
import type { Hono } from "hono";
import * as z from "zod";
import {
  BadControlRequest,
  controlApp,
  defined,
  faultRoutes,
  FAULTS_HELP,
  parse,
} from "../control.ts";
import { TRACKER_STATUSES } from "./objects.ts";
import { DOUBTFUL_CODES, REFUND_STATUSES } from "./options.ts";
import type { EasyPostSimulator } from "./simulator.ts";

const HELP = {
  "GET /control": "this page",
  "POST /control/trackers/:tracking_code":
    "{status, est_delivery_date?, deliveries?}: a parcel fares on, and tracker.updated is sent (1 time)",
  "POST /control/balance": '{balance}: the account has so much money, e.g. "0.00"',
  "POST /control/refunds/:shipment_id":
    "{status}: the carrier settles a submitted refund: refunded (refund.successful is sent) or rejected",
  "POST /control/behaviour":
    "{refund_status?, late_refund?, doubtful_buys?}: what refunds come to at once, whether those of " +
    "scanned parcels are rejected or refused, and the errors that the next purchases, made all the " +
    "same, are answered with",
  ...FAULTS_HELP,
};

const TrackerBody = z.strictObject({
  status: z.enum(TRACKER_STATUSES),
  est_delivery_date: z.iso.datetime({ offset: true }).optional(),
  /** How often the webhook is sent; 0 for not at all. */
  deliveries: z.int().min(0).max(100).default(1),
});

const BalanceBody = z.strictObject({ balance: z.string().regex(/^\d{1,9}(\.\d{1,2})?$/) });

const RefundBody = z.strictObject({ status: z.enum(["refunded", "rejected"]) });

const BehaviourBody = z.strictObject({
  refund_status: z.enum(REFUND_STATUSES).optional(),
  late_refund: z.enum(["rejected", "refused"]).optional(),
  doubtful_buys: z.array(z.enum(DOUBTFUL_CODES)).max(1000).optional(),
});

export function controlRoutes(simulator: EasyPostSimulator): Hono {
  const { state, accounts, behaviour, faults } = simulator;
  const app = controlApp();
  app.get("/", (c) =>
    c.json({
      what: "The EasyPost simulator",
      control: HELP,
      balance: accounts.balance,
      labels_bought: accounts.labelsBought,
      charged_cents: accounts.charged,
      labels: accounts.labels.map(({ shipmentId, ...label }) => (
        { shipment_id: shipmentId, ...label }
      )),
    }));

  app.post("/trackers/:trackingCode", async (c) => {
    const { status, est_delivery_date, deliveries } = await parse(TrackerBody, c.req.raw);
    const trackingCode = c.req.param("trackingCode");
    if (!state.findTracker(trackingCode)) {
      return c.json({ error: `Nothing has the tracking code ${trackingCode}.` }, 404);
    }
    const change = defined({ estDeliveryDate: est_delivery_date });
    const event = simulator.changeTracker(trackingCode, status, change);
    const answers = Array.from({ length: deliveries }, () => simulator.send(event));
    return c.json({ event_id: event.id, answers: await Promise.all(answers) });
  });

  app.post("/balance", async (c) => {
    accounts.balance = (await parse(BalanceBody, c.req.raw)).balance;
    return c.json({ balance: accounts.balance });
  });

  app.post("/refunds/:shipmentId", async (c) => {
    const { status } = await parse(RefundBody, c.req.raw);
    const shipment = state.findShipment(c.req.param("shipmentId"));
    if (shipment === undefined) {
      return c.json({ error: `There is no shipment ${c.req.param("shipmentId")}.` }, 404);
    }
    if (shipment.refund?.status !== "submitted") {
      throw new BadControlRequest(`No refund of ${shipment.id} waits to be settled.`);
    }
    const sent = await simulator.settleRefund(shipment.id, status);
    return c.json({ status, balance: accounts.balance, answer: sent?.answer ?? null });
  });

  app.post("/behaviour", async (c) => {
    const { refund_status, late_refund, doubtful_buys } = await parse(BehaviourBody, c.req.raw);
    const change = { refundStatus: refund_status, lateRefund: late_refund };
    Object.assign(behaviour, defined({ ...change, doubtfulBuys: doubtful_buys }));
    return c.json(behaviour);
  });

  app.route("/faults", faultRoutes(faults));
  return app;
}
