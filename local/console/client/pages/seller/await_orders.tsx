/** @jsxImportSource hono/jsx/dom */
/** Stands in the place of the orders of a connected shop that has none yet. */
import { EmptyState } from "../../components/empty_state.tsx";

export function AwaitOrders({ level }: { level: 2 | 3 }) {
  return (
    <EmptyState icon="orders" title="No orders yet" level={level}>
      <p>
        They appear here within seconds after a buyer has paid. On this stack you are the buyer,
        too:
      </p>
      <a class="button" href="/world">Place an order in World</a>
    </EmptyState>
  );
}
