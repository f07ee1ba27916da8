/** @jsxImportSource hono/jsx/dom */
/** Heading of a page, with its actions. */
import type { Child } from "hono/jsx";

export function PageHead(
  { title, about, children }: { title: Child; about?: Child; children?: Child },
) {
  return (
    <div class="page-head">
      <div class="page-head-text">
        <h1>{title}</h1>
        {about !== undefined && <p class="muted">{about}</p>}
      </div>
      {children}
    </div>
  );
}
