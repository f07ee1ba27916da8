/// <reference lib="dom" />
/** How many months plans and limits are ahead of the calendar: World turns them, in any window. */
import { Store } from "./store.ts";
import { config } from "./supabase.ts";

export const turnedMonths = new Store(config.turnedMonths ?? 0);

const windows = new BroadcastChannel("creatorflow-turned-months");
windows.addEventListener("message", ({ data }) => turnedMonths.set(Number(data)));

/** Also in the other windows of this browser. */
export function noteTurnedMonths(count: number): void {
  turnedMonths.set(count);
  windows.postMessage(count);
}
