/** @jsxImportSource hono/jsx/dom */
/** The seller's first page: what needs attention, the plan, the latest orders. */
import { BarChart } from "../../components/chart.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { Meter } from "../../components/meter.tsx";
import { ErrorNotice } from "../../components/notice.tsx";
import { OrderTable } from "../../components/order_table.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { listOrders } from "../../data/orders.ts";
import { type Overview, readOverview } from "../../data/overview.ts";
import { planOf } from "../../data/plan.ts";
import { countOf, formatCode, formatNumber } from "../../format.ts";
import { useQuery } from "../../use_query.ts";
import { AwaitOrders } from "./await_orders.tsx";
import { ConnectShop } from "./connect_shop.tsx";
import { MonthEnd } from "./month_end.tsx";
import { findConcerns } from "./overview/concerns.ts";
import { ConcernList } from "./overview/concern_list.tsx";
import { StageTiles } from "./overview/stages.tsx";

const ALL = { status: null, shop: null, text: null };
const LATEST = 6;

const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function Activity({ hours }: { hours: Overview["counts"]["hours"] }) {
  const points = hours.map(({ hour, orders }) => ({ time: Date.parse(hour), value: orders }));
  const total = points.reduce((sum, { value }) => sum + value, 0);
  return (
    <Card title="New orders" end={<span class="muted small">last 24 hours, by hour</span>}>
      <p>
        <span class="figure">{formatNumber(total)}</span>{" "}
        <span class="muted">{total === 1 ? "order in 24 hours" : "orders in 24 hours"}</span>
      </p>
      <BarChart
        label="New orders by hour, last 24 hours"
        points={points}
        formatTime={(time) => HOUR.format(time)}
        formatValue={(value) => countOf(value, "order")}
      />
    </Card>
  );
}

function PlanUse({ usage, account }: Overview) {
  const { labels: { month }, held } = usage;
  return (
    <Card title={`Plan ${formatCode(planOf(account))}`} end={<a href="/seller/plan">See plans</a>}>
      <Meter label="Orders this month" used={usage.used} limit={usage.limit} />
      <Meter label="Labels this month" used={month.labels} limit={month.label_limit} />
      {held > 0 && <p>{countOf(held, "order")} waiting for a larger plan.</p>}
      <p class="small muted">
        Both start again on <MonthEnd time={usage.month_ends_at} />.
      </p>
    </Card>
  );
}

function Latest() {
  const { data, error } = useQuery("latest", () => listOrders(ALL, null));
  return (
    <Card isFlush title="Latest orders" end={<a href="/seller/orders">All orders</a>}>
      <ErrorNotice error={error} />
      {data?.orders.length
        ? <OrderTable caption="Latest orders" orders={data.orders.slice(0, LATEST)} />
        : data
        ? <AwaitOrders level={3} />
        : !error && <p class="loading" role="status">Loading…</p>}
    </Card>
  );
}

export function OverviewPage() {
  const { data: overview, error } = useQuery("overview", readOverview);
  if (overview?.shops.length === 0) {
    return (
      <Several>
        <PageHead title="Overview" />
        <Card>
          <EmptyState icon="shops" title="Connect your first shop" level={2}>
            <p>TikTok asks for your agreement; then the orders of the last 30 days follow.</p>
            <ConnectShop />
          </EmptyState>
        </Card>
      </Several>
    );
  }
  if (!overview) {
    return (
      <Several>
        <PageHead title="Overview" />
        <ErrorNotice error={error} />
        {!error && <p class="loading" role="status">Loading…</p>}
      </Several>
    );
  }
  return (
    <Several>
      <PageHead title="Overview" />
      <ConcernList concerns={findConcerns(overview)} />
      <StageTiles counts={overview.counts} />
      <div class="grid aside even">
        <Activity hours={overview.counts.hours} />
        <PlanUse {...overview} />
      </div>
      <Latest />
    </Several>
  );
}
