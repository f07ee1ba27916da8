/** @jsxImportSource hono/jsx/dom */
/** An address that the console does not have. */
import { EmptyState } from "../components/empty_state.tsx";
import { Several } from "../components/several.tsx";

export function NotFoundPage() {
  return (
    <Several>
      <h1 class="visually-hidden">Not found</h1>
      <EmptyState icon="world" title="There is no page at this address" level={2}>
        <a class="button" href="/">Go to the start page</a>
      </EmptyState>
    </Several>
  );
}
