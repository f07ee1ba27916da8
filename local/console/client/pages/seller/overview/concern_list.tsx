/** @jsxImportSource hono/jsx/dom */
/** What needs attention, each with the way to deal with it. */
import { Notice } from "../../../components/notice.tsx";
import type { Concern } from "./concerns.ts";

export function ConcernList({ concerns }: { concerns: Concern[] }) {
  if (concerns.length === 0) return null;
  return (
    <section class="grid" aria-label="Needs attention">
      {concerns.map(({ key, tone, text, link }) => (
        <Notice key={key} tone={tone} action={<a href={link.path}>{link.text}</a>}>{text}</Notice>
      ))}
    </section>
  );
}
