/** @jsxImportSource hono/jsx/dom */
/** A state as a coloured word. */
import type { Child } from "hono/jsx";

export type Tone = "good" | "warn" | "bad" | "info" | "calm";

export function Badge({ tone = "calm", children }: { tone?: Tone; children?: Child }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
