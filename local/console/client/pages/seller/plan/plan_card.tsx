/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** A plan: what it costs, what it allows, and the way to buy it. */
import { Badge } from "../../../components/badge.tsx";
import { ActionButton } from "../../../components/button.tsx";
import { Icon } from "../../../components/icon.tsx";
import { openCheckout, type Plan, type PlanPrice } from "../../../data/plan.ts";
import { formatCode, formatMoney, formatNumber } from "../../../format.ts";
import { rememberPlan } from "../../../plan_memory.ts";

/** Larger numbers are shown as words: the plan scale has 999,999 orders. */
const COUNTLESS = 500_000;

function describePeriod({ interval, interval_count: count }: PlanPrice): string {
  if (interval === null) return "once";
  return count === 1 ? `a ${interval}` : `every ${count} ${interval}s`;
}

function Price({ name, price }: { name: string; price: PlanPrice | undefined }) {
  if (name === "trial") {
    return (
      <p>
        <span class="figure">Free</span>
      </p>
    );
  }
  if (!price) return <p class="muted">Stripe shows its price.</p>;
  if (price.amount === null) return <p class="muted">Its price depends on the quantity.</p>;
  return (
    <p>
      <span class="figure">{formatMoney(price.amount, price.currency)}</span>{" "}
      <span class="muted">{describePeriod(price)}</span>
    </p>
  );
}

function Limits({ plan }: { plan: Plan }) {
  const { monthly_order_limit: orders, monthly_label_limit: labels } = plan;
  const limits = [
    orders > COUNTLESS ? "Any number of orders" : `${formatNumber(orders)} orders a month`,
    `${formatNumber(labels)} labels a month`,
    `${formatNumber(plan.daily_label_limit)} labels a day`,
  ];
  return (
    <ul class="limits">
      {limits.map((text) => (
        <li key={text}>
          <Icon name="check" />
          {text}
        </li>
      ))}
    </ul>
  );
}

export interface PlanCardProps {
  plan: Plan;
  price: PlanPrice | undefined;
  /** Name of the plan that counts. */
  current: string;
  /** Name of the plan that the seller has chosen and not paid. */
  unpaid: string | null;
}

function PlanBadge(
  { name, current, unpaid }: { name: string } & Omit<PlanCardProps, "plan" | "price">,
) {
  if (name === unpaid) return <Badge tone="bad">Not paid</Badge>;
  if (name !== current) return null;
  return unpaid === null ? <Badge tone="good">Your plan</Badge> : <Badge>Its limits hold</Badge>;
}

export function PlanCard({ plan, price, current, unpaid }: PlanCardProps) {
  const { name } = plan;
  const isChosen = name === (unpaid ?? current);
  const choose = async (): Promise<void> => {
    const url = await openCheckout(name);
    rememberPlan(current);
    location.assign(url);
  };
  return (
    <section
      class={isChosen ? "card plan is-current" : "card plan"}
      aria-label={`Plan ${formatCode(name)}`}
    >
      <div class="card-head">
        <h2>{formatCode(name)}</h2>
        <PlanBadge name={name} current={current} unpaid={unpaid} />
      </div>
      <Price name={name} price={price} />
      <Limits plan={plan} />
      {!isChosen && name !== "trial" && (
        <ActionButton kind="plain" onPress={choose}>Choose {formatCode(name)}</ActionButton>
      )}
    </section>
  );
}
