/** @jsxImportSource hono/jsx/dom */
/** After Stripe's pages: waits until the plan has changed. */
import { Card } from "../../../components/card.tsx";
import { Meter } from "../../../components/meter.tsx";
import { PageHead } from "../../../components/page_head.tsx";
import { Several } from "../../../components/several.tsx";
import { getAccount, getUsage, planOf } from "../../../data/plan.ts";
import { formatCode } from "../../../format.ts";
import { rememberedPlan } from "../../../plan_memory.ts";
import { useQuery } from "../../../use_query.ts";

const READ_MS = 1000;

const TITLES: Record<string, string> = {
  subscribed: "Thank you",
  cancelled: "Nothing was bought",
  returned: "Back from Stripe",
};

async function readPlan() {
  const [account, usage] = await Promise.all([getAccount(), getUsage()]);
  return { plan: planOf(account), usage };
}

/** The seller may be back before Stripe's webhook. */
function describePlan(outcome: string, plan: string | undefined): string {
  if (plan === undefined) return "Loading…";
  if (outcome === "subscribed" && plan === rememberedPlan()) {
    return "Stripe has the payment. The plan changes within seconds…";
  }
  return `Your plan is ${formatCode(plan)}.`;
}

export function PlanChange({ outcome }: { outcome: string }) {
  const { data } = useQuery("plan-change", readPlan, {
    everyMs: READ_MS,
    until: ({ plan }) => outcome === "cancelled" || plan !== rememberedPlan(),
  });
  return (
    <Several>
      <PageHead title={TITLES[outcome] ?? "Back from Stripe"} />
      <Card>
        <p role="status">{describePlan(outcome, data?.plan)}</p>
        {data && (
          <Meter
            label="Orders this month"
            used={data.usage.used}
            limit={data.usage.limit}
          />
        )}
        <div class="row">
          <a class="button" href="/seller">Open your orders</a>
          <a class="button plain" href="/seller/plan">See your plan</a>
        </div>
      </Card>
    </Several>
  );
}
