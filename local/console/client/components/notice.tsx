/** @jsxImportSource hono/jsx/dom */
/** A sentence that the reader has to see, with what to do. */
import type { Child } from "hono/jsx";
import { describeError } from "../errors.ts";
import type { Tone } from "./badge.tsx";

export function Notice(
  { tone, children, action }: { tone: Tone; children?: Child; action?: Child },
) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <p>{children}</p>
      {action}
    </div>
  );
}

export function ErrorNotice({ error }: { error: unknown }) {
  if (error === undefined || error === null) return null;
  return <Notice tone="bad">{describeError(error)}</Notice>;
}
