/** Settles and logs an event by the result of its handler. */
import { ConfigError } from "../config.ts";
import { errorText, log } from "../log.ts";
import { type ClaimedEvent, type EventResult, postponementOf } from "./events.ts";
import type { EventStatus, Settlement, Settlements, Unstarted } from "./settlements.ts";

/** Delay before retrying an event whose handler lacks a valid variable. */
const CONFIGURATION_RETRY_SECONDS = 300;

/**
 * The log lines have the event's ids by their context.
 * @returns The outcome, e.g. `inserted`, `ignored` or `failed`; `undefined` if the event could not be settled.
 */
export async function settleResult(
  settlements: Settlements,
  event: ClaimedEvent,
  result: EventResult | Unstarted,
): Promise<string | undefined> {
  if ("outcome" in result) {
    log.info("event processed", { outcome: result.outcome });
    return result.outcome;
  }
  const settlement = toSettlement(result);
  try {
    const status = await settlements.settle(event, settlement);
    return logSettlement(settlement, status, "error" in result ? result.error : undefined);
  } catch (error) {
    // When the lease expires, another worker claims the event.
    log.error("event could not be settled", { error: errorText(error) });
    return undefined;
  }
}

function toSettlement(result: Exclude<EventResult, { outcome: string }> | Unstarted): Settlement {
  if ("ignored" in result || "unstarted" in result) return result;
  const { error } = result;
  const text = errorText(error);
  if (error instanceof ConfigError) {
    return { postponed: text, postponement: { postponeSeconds: CONFIGURATION_RETRY_SECONDS } };
  }
  const postponement = postponementOf(error);
  if (postponement !== undefined) return { postponed: text, postponement };
  return { failed: text, retryAfterSeconds: retryAfterOf(error) };
}

/** A handler's error may carry `retryAfterSeconds`. */
function retryAfterOf(error: unknown): number | undefined {
  const seconds = (error as { retryAfterSeconds?: unknown } | null)?.retryAfterSeconds;
  return typeof seconds === "number" ? seconds : undefined;
}

/** @returns The outcome. */
function logSettlement(
  settlement: Settlement,
  status: EventStatus | null,
  error: unknown,
): "unstarted" | "ignored" | "failed" | "postponed" {
  if ("unstarted" in settlement) {
    log.info("event not started");
    return "unstarted";
  }
  if ("ignored" in settlement) {
    log.info("event ignored", { reason: settlement.ignored });
    return "ignored";
  }
  if ("failed" in settlement) {
    const level = status === "dead" || status === "failing" ? "error" : "warn";
    // Only other results lead to these.
    const event_status = status === "ignored" || status === "locked" ? null : status;
    log.at(level, "event failed", { event_status, error: settlement.failed });
    return "failed";
  }
  if (error instanceof ConfigError) {
    log.error("event waits for configuration", { error: settlement.postponed });
  } else {
    log.info("event postponed", { error: settlement.postponed });
  }
  return "postponed";
}
