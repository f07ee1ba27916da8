/** Broadcasts from the database: new rows of `realtime.messages`. */
import type { Broadcast } from "./frames.ts";
import type { Change } from "./transactions.ts";

export interface Message {
  topic: string;
  isPrivate: boolean;
  broadcast: Broadcast;
}

export function isMessage({ table }: Change): boolean {
  return table.schema === "realtime" && table.name === "messages";
}

/** Returns undefined for a row that is not a whole message. */
export function readMessage({ row }: Change): Message | undefined {
  const { topic, event, payload, id } = row;
  if (!topic || !event || !payload || !id) return undefined;
  return { topic, isPrivate: row.private === "t", broadcast: { event, payload, id } };
}
