/** Starts a comparison of Stripe's subscriptions with ours, and follows it to its end. */
import * as z from "zod";
import { callFunction } from "../../shared/database/call_function.ts";
import type { DatabaseClient } from "../../shared/database/client.ts";
import { unwrap } from "../../shared/database/errors.ts";
import { pollUntil } from "../time/poll_until.ts";

const TIMEOUT_MS = 10 * 60_000;
const POLL_MS = 500;
/** For the checks of customers without an account, which the event worker makes. */
const CHECKS_TIMEOUT_MS = 2 * 60_000;

export interface Project {
  url: string;
  secretKey: string;
  database: DatabaseClient;
}

export interface SyncOutcome {
  checked: number;
  repaired: number;
  /** Subscriptions that could not be stored. */
  failed: number;
  /** Stored subscriptions and customers whose ids cannot be decrypted. */
  unreadable: number;
}

const Answer = z.object({ event_id: z.int().optional(), detail: z.string().optional() });

/** Requests a comparison, of one user or of all. Returns the id of its first event. */
export async function requestSync(
  { url, secretKey }: Project,
  userId: string | undefined,
): Promise<number> {
  const response = await fetch(`${url}/functions/v1/event-worker/sync-subscriptions`, {
    method: "POST",
    redirect: "error",
    headers: { apikey: secretKey, "content-type": "application/json" },
    body: JSON.stringify({ user_id: userId }),
  });
  const { event_id, detail } = Answer.parse(await response.json());
  if (event_id === undefined) throw new Error(detail ?? `HTTP ${response.status}`);
  return event_id;
}

const Event = z.looseObject({
  event_id: z.int(),
  status: z.string(),
  last_error: z.string().nullable(),
  body: z.string(),
});
type Event = z.infer<typeof Event>;

async function readEvent(database: DatabaseClient, eventId: number): Promise<Event> {
  const args = { p_event_id: eventId, p_with_body: true };
  return await callFunction(database, "show_webhook_event", args, Event);
}

const Page = z.object({ events: z.array(z.looseObject({ event_id: z.int() })) });

/** The event of the next page, if one exists. */
async function findNextPage(
  database: DatabaseClient,
  eventId: number,
): Promise<number | undefined> {
  const filter = { source: "creatorflow", event_type: "SYNC_SUBSCRIPTIONS" };
  const args = { p_filter: filter, p_limit: 100 };
  const { events } = await callFunction(database, "list_webhook_events", args, Page);
  const externalId = `SYNC_SUBSCRIPTIONS:after:${eventId}`;
  return events.find((event) => event.external_id === externalId)?.event_id;
}

const Logged = z.looseObject({
  checked: z.int(),
  repaired: z.int(),
  failed: z.int().default(0),
  unreadable: z.int().default(0),
});

/** The logged result, once the comparison has finished. */
async function readOutcome(
  database: DatabaseClient,
  startedAt: string,
): Promise<SyncOutcome | undefined> {
  const rows = unwrap(
    "system_logs",
    await database.from("system_logs").select("details")
      .in("event_type", ["subscriptions_reconciled", "subscriptions_differ"])
      .eq("details->>started_at", startedAt).limit(1),
  );
  return rows[0] && Logged.parse(rows[0].details);
}

const Started = z.looseObject({ started_at: z.string() });
const Progress = z.looseObject({ checked: z.int() });

/**
 * Waits for the end of a comparison, which processes page after page.
 * @param onProgress Receives a line for each page, and for each new error.
 * @throws {Error} if it failed for good, or takes too long.
 */
export async function followSync(
  database: DatabaseClient,
  firstId: number,
  onProgress: (line: string) => void,
): Promise<SyncOutcome> {
  const { started_at } = Started.parse(JSON.parse((await readEvent(database, firstId)).body));
  let id = firstId;
  let lastError: string | null = null;
  let checked = 0;

  async function followPage(): Promise<SyncOutcome | undefined> {
    const event = await readEvent(database, id);
    if (event.status === "dead") throw new Error(`The comparison failed: ${event.last_error}`);
    if (event.last_error !== null && event.last_error !== lastError) {
      lastError = event.last_error;
      onProgress(`An attempt failed and is repeated: ${lastError}`);
    }
    if (event.status !== "done") return undefined;
    const outcome = await readOutcome(database, started_at);
    if (outcome !== undefined) return outcome;
    const next = await findNextPage(database, id);
    if (next === undefined) return undefined;
    id = next;
    const progress = Progress.parse(JSON.parse((await readEvent(database, id)).body));
    if (progress.checked > checked) onProgress(`${progress.checked} ...`);
    checked = progress.checked;
    return await followPage();
  }

  const outcome = await pollUntil(followPage, { timeoutMs: TIMEOUT_MS, intervalMs: POLL_MS });
  if (outcome !== undefined) return outcome;
  throw new Error(
    "The comparison continues in the background; see: npx -y deno@2.9.5 task events list --type SYNC_SUBSCRIPTIONS",
  );
}

const Orphan = z.looseObject({ stripe_subscription_id: z.string() });
const Counted = z.array(z.object({ status: z.string(), events: z.int() }));

/** Whether a check of a customer without an account is still open. */
async function areChecksOpen(database: DatabaseClient): Promise<boolean> {
  const filter = { source: "creatorflow", event_type: "CLOSE_CUSTOMER" };
  const counts = await callFunction(
    database,
    "count_webhook_events",
    { p_filter: filter },
    Counted,
  );
  return counts.some(({ status }) => ["pending", "processing"].includes(status));
}

/**
 * Number of live subscriptions without an account that were reported in the last twelve hours: the log names each
 * once in this time. Waits for the checks that a comparison of all users has enqueued.
 */
export async function countOrphans(database: DatabaseClient): Promise<number> {
  const done = async () => await areChecksOpen(database) ? undefined : true;
  const isComplete = await pollUntil(done, { timeoutMs: CHECKS_TIMEOUT_MS, intervalMs: POLL_MS });
  if (isComplete === undefined) throw new Error("Customers without an account are still checked.");
  const since = new Date(Date.now() - 12 * 3600_000).toISOString();
  const rows = unwrap(
    "system_logs",
    await database.from("system_logs").select("details")
      .eq("event_type", "subscription_orphaned").eq("details->>action", "reported")
      .gte("created_at", since),
  );
  const reported = rows.map(({ details }) => Orphan.parse(details).stripe_subscription_id);
  return new Set(reported).size;
}
