/** The inbox for the receivers of webhooks: they store events, and wake the worker that processes them. */
import { readSupabaseConfig } from "../config.ts";
import { createServiceClient } from "../database/client.ts";
import type { NewEvent } from "./new_event.ts";
import { type Receipt, receiveEvent } from "./receive_event.ts";
import { createWakeWorker, type WakeWorker } from "./wake_worker.ts";

export interface OpenInbox {
  receive(event: NewEvent): Promise<Receipt>;
  wakeWorker: WakeWorker;
}

/** @throws {ConfigError} without a database */
export function openInbox(): OpenInbox {
  const supabase = readSupabaseConfig();
  const database = createServiceClient(supabase);
  return {
    receive: (event) => receiveEvent(database, event),
    wakeWorker: createWakeWorker(supabase),
  };
}
