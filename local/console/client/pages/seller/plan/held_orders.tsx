/** @jsxImportSource hono/jsx/dom */
/** Orders that wait for room in the plan, in the sequence in which they will be stored. */
import type { HeldOrders as Held, Usage } from "../../../../../../shared/database/results.ts";
import { useState } from "../../../hooks.ts";
import { Badge } from "../../../components/badge.tsx";
import { Card } from "../../../components/card.tsx";
import { type Column, Pager, Table } from "../../../components/table.tsx";
import { HELD_PAGE_SIZE, listHeldOrders } from "../../../data/plan.ts";
import { countOf, formatAge, formatCode, formatTime } from "../../../format.ts";
import { ORDER_TONES } from "../../../states.ts";
import { useQuery } from "../../../use_query.ts";

function HeldState({ state }: { state: string }) {
  return <Badge tone={ORDER_TONES[state] ?? "calm"}>{formatCode(state)}</Badge>;
}

const COLUMNS: Column<Held["orders"][number]>[] = [
  { head: "Place", cell: ({ place }) => place },
  {
    head: "Order",
    cell: ({ tiktok_order_id: id, order_status: state, ship_by }) => (
      <span>
        <span class="number">{id}</span>
        <span class="sub phone-only">Ship by {formatTime(ship_by)}</span>
        <span class="phone-only below">
          <HeldState state={state} />
        </span>
      </span>
    ),
  },
  {
    head: "State",
    cell: ({ order_status: state }) => <HeldState state={state} />,
    isWideOnly: true,
  },
  { head: "Ship by", cell: ({ ship_by }) => formatTime(ship_by), isWideOnly: true },
  { head: "Waits since", cell: ({ held_at }) => formatAge(held_at), isWideOnly: true },
];

export function HeldOrders({ usage }: { usage: Usage }) {
  const [page, setPage] = useState(0);
  const { data } = useQuery(`held:${page}:${usage.held}`, () => listHeldOrders(page));
  const isLast = (page + 1) * HELD_PAGE_SIZE >= (data?.total ?? 0);
  const ship = usage.held_to_ship > 0 && usage.held_ship_by
    ? `The first must be shipped by ${formatTime(usage.held_ship_by)}.`
    : "";
  return (
    <Card
      isFlush
      title={`${countOf(usage.held, "order")} ${usage.held === 1 ? "waits" : "wait"} for your plan`}
      end={<span class="small muted">{ship || "A larger plan lets them in at once."}</span>}
    >
      <Table
        caption="Held orders, in the sequence in which they come in"
        columns={COLUMNS}
        rows={data?.orders ?? []}
        keyOf={({ tiktok_order_id: id }) => id}
      />
      <Pager
        text={`Page ${page + 1}`}
        onNewer={page > 0 ? () => setPage(page - 1) : undefined}
        onOlder={isLast ? undefined : () => setPage(page + 1)}
      />
    </Card>
  );
}
