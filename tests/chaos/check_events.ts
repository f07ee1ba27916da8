/** Checks that every delivery is stored once in the inbox, and is settled. */
import type { TestStack } from "../support/stack.ts";
import { type Check, equal, none } from "./check.ts";
import type { Deliveries } from "./deliveries.ts";

export async function checkEvents(stack: TestStack, deliveries: Deliveries): Promise<Check[]> {
  const rows = await stack.sql<{ external_id: string; events: number }[]>`
    select external_id, count(*)::int as events from private.webhook_events
    where source = 'tiktok' group by external_id`;
  const stored = new Map(rows.map((row) => [row.external_id, row.events]));
  const sent = new Set(deliveries.notifications.map((notification) => notification.id));
  const accepted = [...deliveries.accepted];

  const states = await stack.sql<{ status: string; reason: string; events: number }[]>`
    select status, coalesce(reason, '') as reason, count(*)::int as events
    from private.inbox_events group by 1, 2`;
  const inState = (...names: string[]) =>
    states.filter(({ status }) => names.includes(status))
      .map(({ status, reason, events }) => `${events} ${status} ${reason}`.trim());

  return [
    equal("notifications answered 200 in the end", sent.size, accepted.length),
    equal("answers 401, which TikTok takes for received", 0, deliveries.answers.get(401) ?? 0),
    none("answered 200 and not stored", accepted.filter((id) => !stored.has(id))),
    none(
      "stored more than once",
      rows.filter((row) => row.events > 1).map((row) => row.external_id),
    ),
    none("stored and never sent", [...stored.keys()].filter((id) => !sent.has(id))),
    none("events still open", inState("pending", "processing", "failing")),
    none("events given up", inState("dead")),
    none("events ignored", inState("ignored")),
  ];
}
