/** @jsxImportSource hono/jsx/dom */
/** All orders, newest first, as they come in. */
import { useEffect } from "hono/jsx/dom";
import { useState } from "../../hooks.ts";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { ErrorNotice, Notice } from "../../components/notice.tsx";
import { OrderTable } from "../../components/order_table.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { Pager } from "../../components/table.tsx";
import {
  listOrders,
  type OrderFilter,
  type OrderPage as Page,
  PAGE_SIZE,
} from "../../data/orders.ts";
import { getUsage } from "../../data/plan.ts";
import { listShops } from "../../data/shops.ts";
import { formatNumber } from "../../format.ts";
import { describeHeld } from "../../held.ts";
import type { Cursor } from "../../order_search.ts";
import { setParameters, useAddress } from "../../router.ts";
import { useQuery } from "../../use_query.ts";
import { AwaitOrders } from "./await_orders.tsx";
import { ConnectShop } from "./connect_shop.tsx";
import { Filters } from "./orders/filters.tsx";

function NoOrders({ isFiltered }: { isFiltered: boolean }) {
  const shops = useQuery("shops", listShops, { hasRows: false }).data;
  if (isFiltered) {
    return (
      <EmptyState icon="orders" title="No order fits these filters" level={2}>
        <button
          type="button"
          class="button plain"
          onClick={() => setParameters({ text: null, state: null, shop: null })}
        >
          Show all orders
        </button>
      </EmptyState>
    );
  }
  if (shops?.length) return <AwaitOrders level={2} />;
  return (
    <EmptyState icon="orders" title="No orders yet" level={2}>
      <p>
        Connect a TikTok shop: its orders of the last 30 days follow, and new ones as they come.
      </p>
      {shops && <ConnectShop />}
    </EmptyState>
  );
}

/** `1–25 of 1,204` */
function describePart(page: Page, index: number): string {
  const first = index * PAGE_SIZE + 1;
  const last = first + page.orders.length - 1;
  // The total of a later page is counted from its first row on.
  const total = page.total + index * PAGE_SIZE;
  return `${formatNumber(first)}–${formatNumber(last)} of ${formatNumber(total)}`;
}

interface ListProps {
  page: Page;
  cursors: Cursor[];
  onTurn: (cursors: Cursor[]) => void;
}

function List({ page, cursors, onTurn }: ListProps) {
  const last = page.orders.at(-1);
  const older = page.hasOlder && last
    ? () => onTurn([...cursors, { created_at: last.created_at, id: last.id }])
    : undefined;
  const newer = cursors.length > 0 ? () => onTurn(cursors.slice(0, -1)) : undefined;
  return (
    <Several>
      <OrderTable caption="Orders, newest first" orders={page.orders} />
      <Pager text={describePart(page, cursors.length)} onNewer={newer} onOlder={older} />
    </Several>
  );
}

export function OrdersPage() {
  const { searchParams } = useAddress();
  const filter: OrderFilter = {
    status: searchParams.get("state"),
    shop: searchParams.get("shop"),
    text: searchParams.get("text"),
  };
  const question = JSON.stringify(filter);
  const [cursors, setCursors] = useState<Cursor[]>([]);
  useEffect(() => setCursors([]), [question]);
  const after = cursors.at(-1) ?? null;
  const { data, error } = useQuery(
    `orders:${question}:${after?.id ?? ""}`,
    () => listOrders(filter, after),
  );
  const { data: usage, error: usageError } = useQuery("held-orders", getUsage);
  const isFiltered = Object.values(filter).some(Boolean);
  // Together: nothing moves down when the second answer arrives.
  const isReady = usage !== undefined || usageError !== undefined;
  return (
    <Several>
      <PageHead title="Orders" about="They appear here within seconds after the buyer has paid." />
      {usage && usage.held > 0 && (
        <Notice tone="warn" action={<a href="/seller/plan">See your plan</a>}>
          {describeHeld(usage)}
        </Notice>
      )}
      <Filters filter={filter} />
      <ErrorNotice error={error} />
      {(data !== undefined || !error) && (
        <Card isFlush>
          {data === undefined || !isReady
            ? <div class="loading" role="status">Loading…</div>
            : data.orders.length === 0 && cursors.length === 0
            ? <NoOrders isFiltered={isFiltered} />
            : <List page={data} cursors={cursors} onTurn={setCursors} />}
        </Card>
      )}
    </Several>
  );
}
