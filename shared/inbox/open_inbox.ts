/** The inbox for the receivers of webhooks: they store events, and wake the worker that processes them. */
import { readSupabaseConfig } from "../config.ts";
import { createServiceClient } from "../database/client.ts";
import { Inbox } from "./inbox.ts";
import { createWakeWorker, type WakeWorker } from "./wake_worker.ts";

export interface OpenInbox {
  inbox: Pick<Inbox, "receive">;
  wakeWorker: WakeWorker;
}

/** @throws {ConfigError} without a database */
export function openInbox(): OpenInbox {
  const supabase = readSupabaseConfig();
  const inbox = new Inbox(createServiceClient(supabase));
  return { inbox, wakeWorker: createWakeWorker(supabase) };
}
