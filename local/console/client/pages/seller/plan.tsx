/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** What the plan allows, what waits for it, and Stripe's pages. */
import type { Usage } from "../../../../../shared/database/results.ts";
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
  listPrices,
  openPortal,
  planOf,
  unpaidPlanOf,
} from "../../data/plan.ts";
import { countOf, formatCode, formatMoney, formatNumber } from "../../format.ts";
import { describeShopUse } from "../../shop_use.ts";
import { useQuery } from "../../use_query.ts";
import { MonthEnd } from "./month_end.tsx";
import { HeldOrders } from "./plan/held_orders.tsx";
import { PlanCard } from "./plan/plan_card.tsx";

function UsageCard({ usage }: { usage: Usage }) {
  const { today, month } = usage.labels;
  const { currency } = usage.labels;
  const shopUse = describeShopUse(usage);
  return (
    <Card
      title="This month"
      end={
        <span class="small muted">
          starts again on <MonthEnd time={usage.month_ends_at} />
        </span>
      }
    >
      <Meter label="Orders" used={usage.used} limit={usage.limit} />
      <Meter label="Labels" used={month.labels} limit={month.label_limit} />
      <p class="small muted">
        {`Labels for ${formatMoney(month.cost, currency)} of ${
          formatMoney(month.cost_limit, currency)
        }; today ${formatNumber(today.labels)} of ${formatNumber(today.label_limit)} labels.`}
        {usage.not_counted > 0 && ` ${countOf(usage.not_counted, "order")} did not count.`}
      </p>
      {shopUse.length > 0 && <Notice tone="info">{shopUse.join(" ")}</Notice>}
      {usage.held > 0 && (
        <p>
          <strong>{countOf(usage.held, "order")}</strong> {usage.held === 1 ? "waits" : "wait"}{" "}
          for a larger plan, and then {usage.held === 1 ? "arrives" : "arrive"} at once.
        </p>
      )}
    </Card>
  );
}

function PaymentNotice({ account }: { account: Account }) {
  if (unpaidPlanOf(account) === null) return null;
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

export function PlanPage() {
  const { data: usage, error } = useQuery("usage", getUsage);
  const { data: account } = useQuery("account", getAccount, { hasRows: false });
  const { data: plans } = useQuery("plans", listPlans, { hasRows: false });
  const { data: prices, error: priceError } = useQuery("prices", listPrices, { hasRows: false });
  const hasSubscription = account !== undefined && account.subscription_status !== "trial" &&
    account.subscription_status !== "canceled";
  // Together: nothing moves down when the last answer arrives. Without Stripe only the prices are missing.
  const isReady = usage && account && plans && (prices || priceError);
  return (
    <Several>
      <PageHead title="Plan" about="Paid through Stripe, whose pages are simulated here.">
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
      {!isReady && !error && <p class="loading" role="status">Loading…</p>}
      {isReady && (
        <Several>
          <PaymentNotice account={account} />
          <UsageCard usage={usage} />
          <div class="grid plans">
            {plans.map((plan) => (
              <PlanCard
                key={plan.name}
                plan={plan}
                price={prices?.find((price) => price.plan === plan.name)}
                current={planOf(account)}
                unpaid={unpaidPlanOf(account)}
              />
            ))}
          </div>
          {usage.held > 0 && <HeldOrders usage={usage} />}
        </Several>
      )}
    </Several>
  );
}
