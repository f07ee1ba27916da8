/**
 * Buys a label, once. The intent is stored first, then what will be bought, then money is spent, then the
 * result is stored; whoever comes after a crash reads at the carrier and adopts what is there.
 */
import { errorText, log } from "../log.ts";
import { LabelError, labelProblem } from "./errors.ts";
import { fetchLabel } from "./fetch_label.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { checkOrderAtTikTok } from "./check_order.ts";
import type { Purchase } from "./provider.ts";
import type { LabelRequest, Shipment } from "./purchases.ts";
import { isUnsettled, settlePurchase } from "./reconcile_purchase.ts";

export interface WantedLabel {
  userId: string;
  /** The seller's own name for this request: the same again buys nothing more. */
  idempotencyKey: string;
  /** Of the whole request. */
  hash: string;
  request: LabelRequest;
}

/** After so long somebody may believe that this worker died: it buys nothing any more. */
const PATIENCE_MS = 60_000;

/** @throws {Problem} that says why not, and whether anything was bought; DatabaseError PT404 */
export async function buyLabel(
  dependencies: LabelDependencies,
  wanted: WantedLabel,
): Promise<{ created: boolean; shipment: Shipment }> {
  const { purchases } = dependencies;
  const ask = () =>
    purchases.request(wanted.userId, wanted.idempotencyKey, wanted.hash, wanted.request);
  let answer = await ask();
  if (answer.outcome === "unsettled") {
    const unsettled = await purchases.forWorker(answer.purchase.id);
    if (unsettled !== undefined && isUnsettled(unsettled)) {
      const shipmentId = unsettled.id;
      const settled = await settlePurchase(dependencies, unsettled).catch((error) => {
        if (!(error instanceof LabelError)) throw error;
        throw labelProblem("outcome_unknown", { cause: error, shipmentId });
      });
      if (settled === undefined) throw labelProblem("outcome_unknown", { shipmentId });
    }
    // What was not bought is asked for anew; what was is found.
    answer = await ask();
  }
  switch (answer.outcome) {
    case "exists":
      return { created: false, shipment: answer.shipment };
    case "key_reused":
      throw labelProblem("idempotency_key_reused");
    case "in_progress":
      throw labelProblem("purchase_in_progress", { shipmentId: answer.shipment.id });
    case "unsettled":
      throw labelProblem("purchase_in_progress", { shipmentId: answer.purchase.id });
    case "refused":
      throw labelProblem(answer.code);
    case "requested":
      return { created: true, shipment: await purchase(dependencies, answer.purchase) };
  }
}

async function purchase(dependencies: LabelDependencies, intent: Purchase): Promise<Shipment> {
  const { purchases, providers } = dependencies;
  const provider = providers[intent.provider];
  let ready: Purchase;
  const startedAt = performance.now();
  try {
    await checkOrderAtTikTok(dependencies, intent);
    const choice = await provider.prepare(intent);
    if (performance.now() - startedAt > PATIENCE_MS) throw new LabelError("carrier_busy");
    ready = { ...intent, ...choice };
    if (!await purchases.start(intent, choice)) {
      throw labelProblem("purchase_in_progress", { shipmentId: intent.id });
    }
  } catch (error) {
    // Anything else leaves the intent: a retry takes it over after two minutes.
    if (!(error instanceof LabelError)) throw error;
    await purchases.fail(intent, error.code);
    throw labelProblem(error.code, error);
  }
  const shipment = await spend(dependencies, ready);
  log.info("label bought", { shipment_id: intent.id, provider: intent.provider });
  return await withLabel(dependencies, ready, shipment);
}

async function spend(dependencies: LabelDependencies, ready: Purchase): Promise<Shipment> {
  const { purchases, providers } = dependencies;
  const provider = providers[ready.provider];
  try {
    return await purchases.finish(ready.id, await provider.buy(ready, ready));
  } catch (error) {
    if (error instanceof LabelError && error.bought === "no") {
      await purchases.fail(ready, error.code);
      throw labelProblem(error.code, error);
    }
    log.warn("label in doubt", { shipment_id: ready.id, error: errorText(causeOf(error)) });
    // Often the carrier knows at once what its answer would have said.
    const label = await provider.find(ready).catch(() => undefined);
    if (label !== undefined) return await purchases.finish(ready.id, label);
    await purchases.doubt(ready, "outcome_unknown");
    throw labelProblem("outcome_unknown", { cause: causeOf(error), shipmentId: ready.id });
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof LabelError ? error.cause ?? error : error;
}

/** Some labels are drawn after they were bought; whoever does not get theirs now fetches it later. */
async function withLabel(
  dependencies: LabelDependencies,
  bought: Purchase,
  shipment: Shipment,
): Promise<Shipment> {
  if (shipment.label_url !== null && shipment.label_format === bought.label_format) return shipment;
  try {
    return await fetchLabel(dependencies, shipment.id);
  } catch (error) {
    log.info("label not drawn yet", { shipment_id: shipment.id, error: errorText(error) });
    return shipment;
  }
}
