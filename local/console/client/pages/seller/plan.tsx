/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** What the plan allows, what waits for it, and Stripe's pages. */
import { Badge } from "../../components/badge.tsx";
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Meter } from "../../components/meter.tsx";
import { ErrorNotice, Notice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import {
  type Account,
  getAccount,
  getUsage,
  listPlans,
  openCheckout,
  openPortal,
  type Plan,
  planOf,
  type Usage,
} from "../../data/plan.ts";
import { countOf, formatCode, formatMoney, formatNumber, formatTime } from "../../format.ts";
import { rememberPlan } from "../../plan_memory.ts";
import { useQuery } from "../../use_query.ts";
import { HeldOrders } from "./plan/held_orders.tsx";

const READ_MS = 2000;
/** Larger numbers are shown as a word: the plan scale has 999,999 orders. */
const COUNTLESS = 500_000;

function UsageCard({ usage }: { usage: Usage }) {
  const { today, month } = usage.labels;
  const { currency } = usage.labels;
  return (
    <Card
      title="This month"
      end={<span class="small muted">until {formatTime(usage.month_ends_at)}</span>}
    >
      <Meter label="Orders" used={usage.used} limit={usage.limit} />
      <Meter label="Labels" used={month.labels} limit={month.label_limit} />
      <p class="small muted">
        Labels cost {formatMoney(month.cost, currency)} of{" "}
        {formatMoney(month.cost_limit, currency)}; today {today.labels} of {today.label_limit}.
        {usage.not_counted > 0 && ` ${countOf(usage.not_counted, "order")} did not count.`}
      </p>
    </Card>
  );
}

const UNPAID = ["past_due", "unpaid", "incomplete", "paused"];

function PaymentNotice({ account }: { account: Account }) {
  if (!UNPAID.includes(account.subscription_status)) return null;
  const action = (
    <ActionButton
      kind="plain"
      isSmall
      onPress={async () => location.assign(await openPortal())}
    >
      Pay at Stripe
    </ActionButton>
  );
  return (
    <Notice tone="bad" action={action}>
      Your subscription is{" "}
      {formatCode(account.subscription_status).toLowerCase()}: until it is paid the trial's limit
      holds for new orders.
    </Notice>
  );
}

function PlanCard({ plan, current }: { plan: Plan; current: string }) {
  const { name, monthly_order_limit: orders, monthly_label_limit: labels } = plan;
  const choose = async (): Promise<void> => {
    const url = await openCheckout(name);
    rememberPlan(current);
    location.assign(url);
  };
  return (
    <section class="card plan" aria-label={`Plan ${name}`}>
      <h3>{formatCode(name)}</h3>
      <p>
        <span class="figure">{orders > COUNTLESS ? "No limit" : formatNumber(orders)}</span>{" "}
        <span class="muted">{orders > COUNTLESS ? "of orders" : "orders a month"}</span>
      </p>
      <p class="muted">{formatNumber(labels)} labels a month</p>
      {name === current
        ? <Badge tone="good">Your plan</Badge>
        : name !== "trial" && (
          <ActionButton kind="plain" onPress={choose}>
            Choose {formatCode(name)}
          </ActionButton>
        )}
    </section>
  );
}

export function PlanPage() {
  const { data: usage, error } = useQuery("usage", getUsage, { everyMs: READ_MS });
  const { data: account } = useQuery("account", getAccount, { everyMs: READ_MS });
  const { data: plans } = useQuery("plans", listPlans);
  const current = account ? planOf(account) : "";
  const hasSubscription = account !== undefined && account.subscription_status !== "trial" &&
    account.subscription_status !== "canceled";
  return (
    <Several>
      <PageHead title="Plan" about="Stripe takes the payments; its pages are simulated here.">
        {hasSubscription && (
          <ActionButton
            kind="plain"
            onPress={async () => location.assign(await openPortal())}
          >
            Invoices, card, cancel
          </ActionButton>
        )}
      </PageHead>
      <ErrorNotice error={error} />
      {account && <PaymentNotice account={account} />}
      {usage && <UsageCard usage={usage} />}
      {usage && usage.held > 0 && <HeldOrders usage={usage} />}
      <div class="grid plans">
        {account &&
          plans?.map((plan) => <PlanCard key={plan.name} plan={plan} current={current} />)}
      </div>
    </Several>
  );
}
