/** @jsxImportSource hono/jsx/dom */
/** A surface with a heading. */
import type { Child } from "hono/jsx";

export interface CardProps {
  title?: string;
  /** Next to the heading. */
  end?: Child;
  /** For a table: without space at the sides. */
  isFlush?: boolean;
  children?: Child;
}

export function Card({ title, end, isFlush = false, children }: CardProps) {
  return (
    <section class={isFlush ? "card flush" : "card"} aria-label={title}>
      {title !== undefined && (
        <div class="card-head">
          <h2>{title}</h2>
          {end}
        </div>
      )}
      {children}
    </section>
  );
}
