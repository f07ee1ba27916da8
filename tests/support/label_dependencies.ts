/** Label dependencies without a database and a carrier: every call is recorded and answered by a script. */
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import type { LabelDependencies } from "../../shared/shipping/dependencies.ts";
import type {
  BoughtLabel,
  LabelDocument,
  PreparedChoice,
  VoidDecision,
} from "../../shared/shipping/providers/provider.ts";
import type {
  RequestAnswer,
  StartAnswer,
  VoidRequestAnswer,
} from "../../shared/shipping/purchases.ts";
import type { PurchaseForWorker } from "../../shared/shipping/schemas.ts";
import { CHOICE, LABEL, purchaseForWorker, purchaseOf, shipmentOf } from "./purchases.ts";

/** Answers of the database and the carrier; an `Error` is thrown. */
export interface Script {
  /** One after the other; the last one is repeated. */
  answers: RequestAnswer[];
  stored: PurchaseForWorker | undefined;
  /** Whether this worker may go on. */
  start: StartAnswer;
  prepare: PreparedChoice | Error;
  buy: BoughtLabel | Error;
  find: BoughtLabel | undefined | Error;
  /** Error of the database, when a label is to be stored. */
  finish: Error | undefined;
  label: LabelDocument | Error;
  void: VoidDecision | Error;
  /** The database's answer to the request of a void. */
  voidRequest: VoidRequestAnswer;
  /** The order at TikTok. */
  order: Record<string, unknown> | undefined | Error;
}

export interface ScriptedLabels {
  dependencies: LabelDependencies;
  /** Names of the calls, in order. */
  calls: string[];
}

/** @param keys Reads the shop's token. TikTok's client is a double: no call leaves this process. */
export function scriptLabels(script: Partial<Script>, keys?: KeyRing): ScriptedLabels {
  const calls: string[] = [];
  const all: Script = {
    answers: [{ outcome: "requested", purchase: purchaseOf() }],
    stored: purchaseForWorker(),
    start: { outcome: "started", near: [] },
    prepare: CHOICE,
    buy: LABEL,
    find: undefined,
    finish: undefined,
    label: { ...LABEL, label_url: "https://labels.example/1.pdf" },
    void: { state: "voided", reason: null },
    voidRequest: { outcome: "requested", purchase: purchaseForWorker() },
    order: { id: "576461413038785752", status: "AWAITING_SHIPMENT", shipping_type: "SELLER" },
    ...script,
  };
  let requests = 0;
  function record<T>(call: string, value: T | Error): Promise<T> {
    calls.push(call);
    return value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
  }
  const provider = {
    prepare: () => record("prepare", all.prepare),
    buy: () => record("buy", all.buy),
    find: () => record("find", all.find),
    label: () => record("label", all.label),
    void: () => record("void", all.void),
  };
  const purchases = {
    request: () =>
      record("request", all.answers[requests++] ?? all.answers.at(-1) as RequestAnswer),
    get: () =>
      record("get", { shipment: all.stored?.shipment ?? shipmentOf(), purchase: all.stored }),
    getForWorker: () => record("getForWorker", all.stored),
    start: () => record("start", all.start),
    finish: (_: string, { label_url, label_format }: BoughtLabel) =>
      record("finish", all.finish ?? shipmentOf({ label_url, label_format })),
    fail: (_: unknown, reason: string) =>
      record(`fail ${reason}`, shipmentOf({ state: "failed", reason, label_url: null })),
    markUnknown: (_: unknown, reason: string) =>
      record(`markUnknown ${reason}`, shipmentOf({ state: "unknown", reason, label_url: null })),
    requestVoid: () => record("requestVoid", all.voidRequest),
    settleVoid: (_: string, { state, reason }: VoidDecision) =>
      record(`settleVoid ${state}`, shipmentOf({ state, reason })),
    storeDocument: (_: string, document: LabelDocument) =>
      record("storeDocument", shipmentOf({ ...document })),
  };
  // Only the order is read.
  const tiktok = {
    call: () =>
      record("getOrders", all.order).then((order) => ({
        orders: order === undefined ? [] : [order],
      })),
  };
  const dependencies = {
    keys,
    tiktok,
    purchases,
    providers: { easypost: provider, tiktok_shipping: provider },
  } as unknown as LabelDependencies;
  return { dependencies, calls };
}
