/**
 * Buys a label at most once: stores the intent, then service and rate, then buys, then stores the result.
 * After a crash the next worker looks the purchase up at the carrier, and stores its label if one exists.
 */
import { isNotFound } from "../database/errors.ts";
import { errorText, log } from "../log.ts";
import { checkOrdersAtTikTok } from "./check_order.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError, refusedWith } from "./errors.ts";
import { fetchLabel } from "./fetch_label.ts";
import type { BoughtLabel, PreparedChoice } from "./providers/provider.ts";
import type { RequestedLabel } from "./purchases.ts";
import { isUnsettled, reconcilePurchase } from "./reconcile_purchase.ts";
import type { Purchase } from "./schemas.ts";
import type { Shipment } from "./shipment.ts";

/** Limit for preparing: well below the two minutes after which another worker may take over. */
const PREPARE_LIMIT_MS = 60_000;

/** @throws {LabelError} with the reason, and whether anything was bought */
export async function buyLabel(
  dependencies: LabelDependencies,
  wanted: RequestedLabel,
): Promise<{ created: boolean; shipment: Shipment }> {
  const { purchases } = dependencies;
  let answer = await purchases.request(wanted);
  if (answer.outcome === "unsettled") {
    await settleEarlierAttempt(dependencies, answer.purchase.id);
    // Restarts a purchase that bought nothing, and finds the label of one that did.
    answer = await purchases.request(wanted);
  }
  switch (answer.outcome) {
    case "exists":
      return { created: false, shipment: answer.shipment };
    case "key_reused":
      throw new LabelError("idempotency_key_reused");
    case "in_progress":
      throw new LabelError("purchase_in_progress", { shipmentId: answer.shipment.id });
    case "unsettled":
      throw new LabelError("purchase_in_progress", { shipmentId: answer.purchase.id });
    case "refused":
      throw refusedWith(answer.code, answer);
    case "requested":
      return { created: true, shipment: await purchaseLabel(dependencies, answer.purchase) };
  }
}

/** @throws {LabelError} `outcome_unknown` while the carrier cannot say whether a label was bought */
async function settleEarlierAttempt(
  dependencies: LabelDependencies,
  shipmentId: string,
): Promise<void> {
  const purchase = await dependencies.purchases.getForWorker(shipmentId);
  if (purchase === undefined || !isUnsettled(purchase)) return;
  const settled = await reconcilePurchase(dependencies, purchase).catch((error) => {
    if (!(error instanceof LabelError)) throw error;
    throw unknownOutcome(shipmentId, error);
  });
  if (settled === undefined) throw unknownOutcome(shipmentId);
}

async function purchaseLabel(
  dependencies: LabelDependencies,
  intent: Purchase,
): Promise<Shipment> {
  const choice = await prepareOrFail(dependencies, intent);
  await startOrFail(dependencies, intent, choice);
  const purchase = { ...intent, ...choice };
  const shipment = await buyFromProvider(dependencies, purchase);
  log.info("label bought", { shipment_id: purchase.id, provider: purchase.provider });
  return await fetchLateDocument(dependencies, purchase, shipment);
}

async function prepareOrFail(dependencies: LabelDependencies, intent: Purchase) {
  const { purchases, providers } = dependencies;
  const startedAt = performance.now();
  try {
    await checkOrdersAtTikTok(dependencies, intent);
    const choice = await providers[intent.provider].prepare(intent);
    if (performance.now() - startedAt > PREPARE_LIMIT_MS) throw new LabelError("carrier_busy");
    return choice;
  } catch (error) {
    // Any other error leaves the purchase `requested`: a retry takes it over after two minutes.
    if (error instanceof LabelError) await purchases.fail(intent, error.code);
    throw error;
  }
}

async function startOrFail(
  { purchases }: LabelDependencies,
  intent: Purchase,
  choice: PreparedChoice,
): Promise<void> {
  const answer = await purchases.start(intent, choice);
  if (answer.outcome === "taken_over") {
    throw new LabelError("purchase_in_progress", { shipmentId: intent.id });
  }
  if (answer.outcome === "refused") {
    await purchases.fail(intent, answer.code);
    throw new LabelError(answer.code);
  }
  for (const period of answer.near) {
    log.error("labels have used 80 % of the platform's limit", { period });
  }
}

async function buyFromProvider(
  dependencies: LabelDependencies,
  purchase: Purchase,
): Promise<Shipment> {
  const stored = await buyOrFind(dependencies, purchase);
  // No seller is left who could see the shipment.
  if (stored === undefined) throw new LabelError("order_not_found");
  return stored;
}

/** Returns `undefined` if the account was deleted meanwhile, and its label given back. */
async function buyOrFind(
  dependencies: LabelDependencies,
  purchase: Purchase,
): Promise<Shipment | undefined> {
  const { purchases, providers } = dependencies;
  const provider = providers[purchase.provider];
  try {
    return await storeLabel(dependencies, purchase, await provider.buy(purchase, purchase));
  } catch (error) {
    if (error instanceof LabelError && error.bought === "no") {
      await purchases.fail(purchase, error.code);
      throw error;
    }
    const cause = error instanceof LabelError ? error.cause ?? error : error;
    log.warn("purchase outcome unknown", {
      shipment_id: purchase.id,
      error: errorText(cause),
    });
    // The answer was lost, but the carrier can often show the label already.
    const label = await provider.find(purchase).catch(() => undefined);
    if (label !== undefined) return await storeLabel(dependencies, purchase, label);
    await purchases.markUnknown(purchase, "outcome_unknown");
    throw unknownOutcome(purchase.id, cause);
  }
}

/** Stores a bought label, or voids it if its account was deleted meanwhile: then `undefined`. */
async function storeLabel(
  { purchases, providers }: LabelDependencies,
  purchase: Purchase,
  label: BoughtLabel,
): Promise<Shipment | undefined> {
  try {
    return await purchases.finish(purchase.id, label);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const fields = { shipment_id: purchase.id, provider: purchase.provider };
  try {
    const { state } = await providers[purchase.provider].void(purchase);
    log.warn("label bought for a deleted account", { ...fields, state });
  } catch (error) {
    log.error("label bought for a deleted account", { ...fields, error: errorText(error) });
  }
  return undefined;
}

function unknownOutcome(shipmentId: string, cause?: unknown): LabelError {
  return new LabelError("outcome_unknown", { bought: "unknown", shipmentId, cause });
}

/** Some labels are drawn after the purchase; a FETCH_LABEL task stores the link of a late one. */
async function fetchLateDocument(
  dependencies: LabelDependencies,
  { label_format }: Purchase,
  shipment: Shipment,
): Promise<Shipment> {
  if (shipment.label_url !== null && shipment.label_format === label_format) return shipment;
  try {
    return await fetchLabel(dependencies, shipment.id);
  } catch (error) {
    log.info("label not fetched yet", { shipment_id: shipment.id, error: errorText(error) });
    return shipment;
  }
}
