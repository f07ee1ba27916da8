/// <reference lib="dom" />
/**
 * Says when something of the seller may have changed: rows by postgres_changes, and anything every few
 * seconds. The pages then read again what they show.
 */
import type { RealtimeChannel, Session } from "@supabase/supabase-js";
import { isReachable } from "./reachable.ts";
import { Store } from "./store.ts";
import { supabase } from "./supabase.ts";

export type LiveState = "live" | "polling";

/** Tables of the publication. */
const TABLES = ["orders", "order_events", "shipments"] as const;

const POLL_MS = 3000;
/** Usage, plan, shops and held orders are not published: they are read again at this pace. */
const SLOW_POLL_MS = 10_000;
/** The messages of one transaction come together: they are one reading. */
const GATHER_MS = 20;
/** Shortest time between two readings, however many changes there are. */
const BURST_MS = 250;

export const liveState = new Store<LiveState>("polling");

/** What may have changed: rows of the published tables, or anything. */
export type Change = "rows" | "anything";

type Listener = (change: Change) => void;
const listeners = new Set<Listener>();
let gathering: ReturnType<typeof setTimeout> | undefined;
let gathered: Change = "rows";
let announcedAt = 0;

/** Calls the listener whenever something may have changed. Returns what stops it. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function notifyListeners(): void {
  const change = gathered;
  gathering = undefined;
  gathered = "rows";
  announcedAt = performance.now();
  for (const listener of [...listeners]) listener(change);
}

/** Makes the pages read again, soon. */
function announce(change: Change): void {
  if (change === "anything") gathered = change;
  const restMs = announcedAt + BURST_MS - performance.now();
  gathering ??= setTimeout(notifyListeners, Math.max(GATHER_MS, restMs));
}

const announceRows = () => announce("rows");
const announceAnything = () => announce("anything");

let channel: RealtimeChannel | undefined;

/** Listens with the rights of this session; the one before is left. */
export async function watchSeller(session: Session | null): Promise<void> {
  const former = channel;
  channel = undefined;
  liveState.set("polling");
  if (former) await supabase.removeChannel(former);
  if (session === null) return;
  await supabase.realtime.setAuth(session.access_token);
  const joining = supabase.channel(`console:${crypto.randomUUID()}`);
  for (const table of TABLES) {
    joining.on("postgres_changes", { event: "*", schema: "public", table }, announceRows);
  }
  channel = joining.subscribe((status) => {
    if (joining !== channel) return;
    liveState.set(status === "SUBSCRIBED" ? "live" : "polling");
    // Changes between two connections are in no message.
    if (status === "SUBSCRIBED") announceRows();
  });
}

/** Called once. */
export function startLive(): void {
  let sinceMs = 0;
  setInterval(() => {
    sinceMs += POLL_MS;
    const pace = liveState.get() === "live" ? SLOW_POLL_MS : POLL_MS;
    if (document.hidden || !isReachable.get() || sinceMs < pace) return;
    sinceMs = 0;
    announceAnything();
  }, POLL_MS);
  isReachable.subscribe(() => {
    if (isReachable.get()) announceAnything();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) announceAnything();
  });
}
