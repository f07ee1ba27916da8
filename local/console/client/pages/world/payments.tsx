/** @jsxImportSource hono/jsx/dom */
/** Stripe and the calendar: payments fail and succeed, the month turns. */
import { Badge } from "../../components/badge.tsx";
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import {
  changeSubscription,
  listWorldSubscriptions,
  turnMonth,
  type WorldSubscription,
} from "../../data/world.ts";
import { countOf, formatCode, formatNumber } from "../../format.ts";
import { noteTurnedMonths } from "../../turned_months.ts";
import { useSession } from "../../session.ts";
import { useQuery } from "../../use_query.ts";
import { addEffect, describeAnswers } from "./effect_list.ts";

const READ_MS = 3000;
const SHOWN = 5;
const LINK = { href: "/seller/plan", text: "Plan" };

async function changePayment(id: string, change: string, sent: string): Promise<void> {
  const { answers } = await changeSubscription(id, change);
  addEffect({ sent, answer: describeAnswers(answers), link: LINK });
}

async function nextMonth(): Promise<void> {
  const { renewed, held_before, held_after, turned } = await turnMonth();
  noteTurnedMonths(turned);
  addEffect({
    sent: "The month turned",
    answer: `${countOf(renewed, "plan")} renewed, ` +
      (held_before === 0
        ? "no order was held."
        : `${formatNumber(held_before - held_after)} of ${
          countOf(held_before, "held order")
        } released.`),
    link: LINK,
  });
}

interface RowProps {
  subscription: WorldSubscription;
  act: (work: () => Promise<void>) => () => Promise<void>;
}

function Subscription({ subscription: { id, status, plan, email }, act }: RowProps) {
  const of = <span class="visually-hidden">{` of ${email}`}</span>;
  return (
    <li>
      <span>
        {email}
        <span class="sub">
          <Badge tone={status === "active" ? "good" : "warn"}>{formatCode(status)}</Badge> {plan}
        </span>
      </span>
      <span class="row">
        <ActionButton
          kind="plain"
          isSmall
          onPress={act(() => changePayment(id, "payment_fails", `A payment failed: ${email}`))}
        >
          Payment fails{of}
        </ActionButton>
        <ActionButton
          kind="plain"
          isSmall
          onPress={act(() =>
            changePayment(id, "payment_succeeds", `A payment succeeded: ${email}`)
          )}
        >
          Payment succeeds{of}
        </ActionButton>
      </span>
    </li>
  );
}

export function Payments() {
  const email = useSession()?.user.email ?? "";
  const { data: subscriptions, reload } = useQuery(
    `world-plans:${email}`,
    () => listWorldSubscriptions(email),
    { everyMs: READ_MS, hasRows: false },
  );
  const act = (work: () => Promise<void>) => async () => {
    await work();
    reload();
  };
  return (
    <Card title="Stripe and the calendar">
      <div class="row">
        <ActionButton onPress={act(nextMonth)}>The month turns</ActionButton>
      </div>
      {subscriptions?.length === 0 && (
        <p class="muted">No plan was bought yet: see the page Plan.</p>
      )}
      {subscriptions && subscriptions.length > 0 && (
        <ul class="world-rows" aria-label="Plans at Stripe">
          {subscriptions.slice(0, SHOWN).map((subscription) => (
            <Subscription key={subscription.id} subscription={subscription} act={act} />
          ))}
        </ul>
      )}
    </Card>
  );
}
