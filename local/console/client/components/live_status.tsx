/** @jsxImportSource hono/jsx/dom */
/** Says whether what is shown is up to date. */
import { liveState } from "../live.ts";
import { isReachable } from "../reachable.ts";
import { useStore } from "../store.ts";

const TEXTS = {
  live: ["Live", "Changes are shown as they happen."],
  polling: ["Every 3 s", "There is no live connection: the page reads again every 3 seconds."],
  offline: ["Not reachable", "The local stack does not answer. The page goes on when it does."],
} as const;

export function LiveStatus() {
  const live = useStore(liveState);
  const reachable = useStore(isReachable);
  const state = reachable ? live : "offline";
  const [text, title] = TEXTS[state];
  return (
    <span role="status" class={`live is-${state}`} title={title}>
      <span class="live-text">{text}</span>
    </span>
  );
}
