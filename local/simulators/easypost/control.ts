/** `/control` of the EasyPost simulator: its operations over HTTP. */
import type { Hono } from "hono";
import * as z from "zod";
import { BadControlRequest, controlApp, defined, parse, unknownCommand } from "../control.ts";
import { faultRoutes, faultsHelp } from "../control_faults.ts";
import { answerControl } from "../control_page.tsx";
import { DOUBTFUL_CODES, REFUND_STATUSES } from "./behaviour.ts";
import { centsOf } from "./ids.ts";
import { TRACKER_STATUSES } from "./objects.ts";
import type { EasyPostOperations } from "./operations.ts";

const HELP = {
  "GET /control": "this page",
  "GET /control/parcels": "the newest 20 trackers",
  "POST /control/trackers/:tracking_code":
    "{status, est_delivery_date?, deliveries?}: the carrier reports a status, tracker.updated is sent " +
    "(1 time)",
  "POST /control/balance": '{balance}: set the balance of the account, e.g. "0.00"',
  "POST /control/refunds/:shipment_id":
    "{status}: the carrier decides about a submitted refund: refunded (refund.successful is sent) or " +
    "rejected",
  "POST /control/invoices/:shipment_id":
    '{adjustment}: the carrier measured the parcel: it charges "1.60" more, or pays back "-1.60"; ' +
    "shipment.invoice.created is sent, later shipment.invoice.updated",
  "POST /control/behaviour":
    "{refund_status?, late_refund?, doubtful_buys?}: first status of refunds; rejected or refused for " +
    "refunds of scanned parcels; error codes of the next purchases, whose labels are bought",
  "POST /control/keys":
    "{api_key?, webhook_secret?}: the dashboard gives the account another key, or the webhook another " +
    "secret; the ones before are refused at once",
  "POST /control/webhook/off": "EasyPost switches the webhook off, as after many failures",
  ...faultsHelp(),
};

const TrackerBody = z.strictObject({
  status: z.enum(TRACKER_STATUSES),
  est_delivery_date: z.iso.datetime({ offset: true }).optional(),
  /** How often the webhook is sent. */
  deliveries: z.int().min(0).max(100).default(1),
});

const KeysBody = z.strictObject({
  api_key: z.string().min(1).optional(),
  webhook_secret: z.string().min(1).optional(),
});

const BalanceBody = z.strictObject({
  balance: z.string().regex(/^\d{1,9}(\.\d{1,2})?$/, 'an amount as a text, such as "10.00"'),
});

const LISTED = 20;

const RefundBody = z.strictObject({ status: z.enum(["refunded", "rejected"]) });

const InvoiceBody = z.strictObject({
  adjustment: z.string().regex(/^-?\d{1,6}(\.\d{1,2})?$/, 'an amount as a text, such as "1.60"'),
});

const BehaviourBody = z.strictObject({
  refund_status: z.enum(REFUND_STATUSES).optional(),
  late_refund: z.enum(["rejected", "refused"]).optional(),
  doubtful_buys: z.array(z.enum(DOUBTFUL_CODES)).max(1000).optional(),
});

export function controlRoutes(easypost: EasyPostOperations): Hono {
  const { state, accounts, behaviour, faults } = easypost;
  const app = controlApp();
  app.get("/", (c) =>
    answerControl(c, "EasyPost", {
      what: "The EasyPost simulator",
      control: HELP,
      balance: accounts.balance,
      labels_bought: accounts.labelsBought,
      charged_cents: accounts.charged,
      labels: accounts.labels.map(({ shipmentId, adjustedCents, ...label }) => (
        { shipment_id: shipmentId, ...label, adjusted_cents: adjustedCents }
      )),
    }));

  app.get("/parcels", (c) => {
    const parcels = state.all("trackers").slice(-LISTED).reverse();
    return c.json({
      parcels: parcels.map(({ tracking_code, carrier, status, created_at }) => (
        { tracking_code, carrier, status, created_at }
      )),
    });
  });

  app.post("/trackers/:trackingCode", async (c) => {
    const { status, est_delivery_date, deliveries } = await parse(TrackerBody, c.req.raw);
    const trackingCode = c.req.param("trackingCode");
    if (!state.findTracker(trackingCode)) {
      return c.json({ error: `Unknown tracking code ${trackingCode}.` }, 404);
    }
    const change = defined({ estDeliveryDate: est_delivery_date });
    const event = easypost.changeTracker(trackingCode, status, change);
    const answers = Array.from({ length: deliveries }, () => easypost.send(event));
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
      return c.json({ error: `Unknown shipment ${c.req.param("shipmentId")}.` }, 404);
    }
    if (shipment.refund?.status !== "submitted") {
      throw new BadControlRequest(`Shipment ${shipment.id} has no submitted refund.`);
    }
    const sent = await easypost.settleRefund(shipment.id, status);
    return c.json({ status, balance: accounts.balance, answer: sent?.answer ?? null });
  });

  app.post("/invoices/:shipmentId", async (c) => {
    const { adjustment } = await parse(InvoiceBody, c.req.raw);
    const id = c.req.param("shipmentId");
    const shipment = state.findShipment(id);
    if (!shipment?.purchase) return c.json({ error: `No label was bought for ${id}.` }, 404);
    const event = easypost.adjustCost(shipment.id, centsOf(adjustment));
    return c.json({ event_id: event.id, answer: await easypost.send(event) });
  });

  app.post("/behaviour", async (c) => {
    const { refund_status, late_refund, doubtful_buys } = await parse(BehaviourBody, c.req.raw);
    const change = { refundStatus: refund_status, lateRefund: late_refund };
    Object.assign(behaviour, defined({ ...change, doubtfulBuys: doubtful_buys }));
    const { refundStatus, lateRefund, doubtfulBuys } = behaviour;
    return c.json({
      refund_status: refundStatus,
      late_refund: lateRefund,
      doubtful_buys: doubtfulBuys,
    });
  });

  app.post("/keys", async (c) => {
    const { api_key, webhook_secret } = await parse(KeysBody, c.req.raw);
    const change = defined({ apiKey: api_key, webhookSecret: webhook_secret });
    Object.assign(easypost.keys, change);
    return c.json({ changed: Object.keys(change).length });
  });

  app.post("/webhook/off", (c) => {
    easypost.switchWebhookOff();
    return c.json({ disabled_at: easypost.webhook.disabledAt });
  });

  app.route("/faults", faultRoutes(faults));
  app.all("*", unknownCommand(HELP));
  return app;
}
