/** Selling labels without a database and without a carrier: what is asked of either is written down. */
import type { LabelDependencies } from "../../shared/shipping/dependencies.ts";
import type {
  BoughtLabel,
  Choice,
  LabelDocument,
  VoidAnswer,
} from "../../shared/shipping/provider.ts";
import type { RequestAnswer, Shipment, WorkersPurchase } from "../../shared/shipping/purchases.ts";
import { PURCHASE_ID, purchaseOf } from "./purchases.ts";

export const CHOICE: Choice = {
  service: "USPS/Priority",
  carrier_shipment_id: "shp_1",
  carrier_rate_id: "rate_1",
  quoted_cost: "9.61",
  currency: "USD",
};

export const LABEL: BoughtLabel = {
  carrier: "USPS",
  service_type: "Priority",
  shipping_cost: "9.61",
  currency: "USD",
  estimated_delivery: null,
  tiktok_package_id: null,
  label_url: "https://labels.example/1.pdf",
  label_format: "PDF",
  label_expires_at: null,
  tracking_number: "9400",
};

export function shipmentOf(fields: Partial<Shipment> = {}): Shipment {
  return {
    id: PURCHASE_ID,
    order_id: purchaseOf().order.id,
    state: "purchased",
    reason: null,
    provider: "easypost",
    carrier: "USPS",
    tracking_number: "9400",
    label_url: "https://labels.example/1.pdf",
    label_expires_at: null,
    label_format: "PDF",
    tiktok_notified_at: null,
    ...fields,
  };
}

export function workersPurchase(fields: Partial<WorkersPurchase> = {}): WorkersPurchase {
  const state = { state: "purchasing", abandoned: false, seconds: 0, shipment: shipmentOf() };
  return { ...purchaseOf({ ...CHOICE }), ...state, ...fields };
}

/** What the database and the carrier do; an `Error` is thrown. */
export interface Script {
  /** One after the other; the last one again and again. */
  answers: RequestAnswer[];
  stored: WorkersPurchase | undefined;
  /** Whether this worker may go on. */
  start: boolean;
  prepare: Choice | Error;
  buy: BoughtLabel | Error;
  find: BoughtLabel | undefined | Error;
  label: LabelDocument | Error;
  void: VoidAnswer | Error;
  /** What the database says to the wish to void. */
  voidRequest: unknown;
  /** TikTok's state of the order. */
  order: Record<string, unknown> | undefined | Error;
}

export interface LabelWorld {
  dependencies: LabelDependencies;
  /** What was done, in order. */
  done: string[];
}

function give<T>(value: T | Error): Promise<T> {
  return value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
}

/** The shop's token is readable, and TikTok's client a stand-in: nothing leaves this process. */
export function labelWorld(
  script: Partial<Script>,
  access: Pick<LabelDependencies, "keys">,
): LabelWorld {
  const done: string[] = [];
  const all: Script = {
    answers: [{ outcome: "requested", purchase: purchaseOf() }],
    stored: workersPurchase(),
    start: true,
    prepare: CHOICE,
    buy: LABEL,
    find: undefined,
    label: { ...LABEL, label_url: "https://labels.example/1.pdf" },
    void: { state: "voided", reason: null },
    voidRequest: { outcome: "requested", purchase: workersPurchase() },
    order: { id: "576461413038785752", status: "AWAITING_SHIPMENT", shipping_type: "SELLER" },
    ...script,
  };
  let asked = 0;
  function note<T>(what: string, value: T | Error): Promise<T> {
    done.push(what);
    return give(value);
  }
  const provider = {
    prepare: () => note("prepare", all.prepare),
    buy: () => note("buy", all.buy),
    find: () => note("find", all.find),
    label: () => note("label", all.label),
    void: () => note("void", all.void),
  };
  const purchases = {
    request: () => note("request", all.answers[asked++] ?? all.answers.at(-1) as RequestAnswer),
    forWorker: () => note("forWorker", all.stored),
    start: () => note("start", all.start),
    finish: (_: string, { label_url, label_format }: BoughtLabel) =>
      note("finish", shipmentOf({ label_url, label_format })),
    fail: (_: unknown, reason: string) =>
      note(`fail ${reason}`, shipmentOf({ state: "failed", reason, label_url: null })),
    doubt: (_: unknown, reason: string) =>
      note(`doubt ${reason}`, shipmentOf({ state: "unknown", reason, label_url: null })),
    requestVoid: () => note("requestVoid", all.voidRequest),
    settleVoid: (_: string, { state, reason }: VoidAnswer) =>
      note(`settleVoid ${state}`, shipmentOf({ state, reason })),
    storeDocument: (_: string, document: LabelDocument) =>
      note("storeDocument", shipmentOf({ ...document })),
  };
  const tiktok = {
    getOrders: () =>
      note("getOrders", all.order).then((order) =>
        new Map(order === undefined ? [] : [[order.id, order]])
      ),
  };
  const dependencies = {
    ...access,
    tiktok,
    purchases,
    providers: { easypost: provider, tiktok_shipping: provider },
  } as unknown as LabelDependencies;
  return { dependencies, done };
}
