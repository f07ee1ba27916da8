/** @jsxImportSource hono/jsx/dom */
/** Carriers, Stripe and TikTok itself: parcels travel, payments fail, months turn, services have outages. */
import { useState } from "hono/jsx/dom";
import { Badge } from "../../components/badge.tsx";
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Field, Form, Select } from "../../components/field.tsx";
import { Notice } from "../../components/notice.tsx";
import { showToast } from "../../components/toast.tsx";
import {
  changeSubscription,
  changeWorld,
  endOutages,
  listOutages,
  listWorldParcels,
  listWorldSubscriptions,
  moveParcel,
  nextStatus,
  turnMonth,
  type WorldParcel,
  type WorldShop,
} from "../../data/world.ts";
import { describeError } from "../../errors.ts";
import { countOf, formatCode, formatNumber, formatTime } from "../../format.ts";
import { useQuery } from "../../use_query.ts";
import { addEffect, describeAnswers } from "./effects.tsx";

const READ_MS = 3000;

async function moveOn(parcel: WorldParcel, status: string): Promise<void> {
  const { answers } = await moveParcel(parcel, status);
  addEffect({
    sent: `Parcel ${parcel.number}: ${formatCode(status)}`,
    answer: describeAnswers(answers),
    link: { href: "/seller/orders", text: "Orders" },
  });
}

export function Carriers() {
  const { data: parcels, reload } = useQuery("world-parcels", listWorldParcels, {
    everyMs: READ_MS,
  });
  return (
    <Card title="Carriers">
      {parcels?.length === 0 && (
        <p class="muted">No parcel yet. Buy a label on an order's page; then it can travel here.</p>
      )}
      {parcels?.map((parcel) => {
        const next = nextStatus(parcel);
        return (
          <div class="item" key={parcel.number}>
            <span>
              <span class="number">{parcel.number}</span>
              <span class="sub">{parcel.carrier} · {formatCode(parcel.status)}</span>
            </span>
            {next === undefined ? <Badge>{formatCode(parcel.status)}</Badge> : (
              <ActionButton
                kind="plain"
                isSmall
                onPress={async () => {
                  await moveOn(parcel, next);
                  reload();
                }}
              >
                {formatCode(next)}
              </ActionButton>
            )}
          </div>
        );
      })}
    </Card>
  );
}

async function changePayment(id: string, change: string, sent: string): Promise<void> {
  const { answers } = await changeSubscription(id, change);
  const link = { href: "/seller/plan", text: "Plan" };
  addEffect({ sent, answer: describeAnswers(answers), link });
}

async function nextMonth(): Promise<void> {
  const { renewed, held_before, held_after } = await turnMonth();
  addEffect({
    sent: "The month turned",
    answer: `${countOf(renewed, "plan")} renewed, ${formatNumber(held_before - held_after)} of ` +
      `${countOf(held_before, "held order")} released.`,
    link: { href: "/seller/plan", text: "Plan" },
  });
}

export function Payments() {
  const { data: subscriptions, reload } = useQuery("world-plans", listWorldSubscriptions, {
    everyMs: READ_MS,
  });
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
      {subscriptions?.slice(0, 5).map(({ id, status, prices, customer }) => (
        <div class="item" key={id}>
          <span>
            {prices.join(", ")}
            <span class="sub">{customer} · {formatCode(status)}</span>
          </span>
          <span class="row">
            <ActionButton
              kind="plain"
              isSmall
              onPress={act(() =>
                changePayment(id, "payment_fails", `A payment failed: ${customer}`)
              )}
            >
              Payment fails
            </ActionButton>
            <ActionButton
              kind="plain"
              isSmall
              onPress={act(() =>
                changePayment(id, "payment_succeeds", `A payment succeeded: ${customer}`)
              )}
            >
              Payment succeeds
            </ActionButton>
          </span>
        </div>
      ))}
    </Card>
  );
}

const DURATIONS = [["30", "30 seconds"], ["60", "1 minute"], ["300", "5 minutes"]] as const;

export function Outages() {
  const [seconds, setSeconds] = useState<string>(DURATIONS[1][0]);
  const { data: outages, reload } = useQuery("world-outages", listOutages, { everyMs: 1000 });
  const begin = async (): Promise<void> => {
    await changeWorld("faults", { kind: "internal", seconds: Number(seconds) });
    addEffect({
      sent: `TikTok's API fails for ${formatNumber(Number(seconds))} seconds`,
      answer: "Webhooks still come; events wait, and are tried again.",
      link: { href: "/operator/inbox", text: "Inbox" },
    });
    reload();
  };
  const end = async (): Promise<void> => {
    await endOutages();
    addEffect({ sent: "TikTok's API works again", answer: "Waiting events follow." });
    reload();
  };
  const current = outages?.at(-1);
  return (
    <Card title="Outage of TikTok">
      {current && (
        <Notice
          tone="warn"
          action={<ActionButton kind="plain" isSmall onPress={end}>End it now</ActionButton>}
        >
          TikTok's API fails{current.ends_at ? ` until ${formatTime(current.ends_at)}` : ""}.
        </Notice>
      )}
      <Select
        label="Duration"
        name="seconds"
        value={seconds}
        options={DURATIONS}
        onChange={setSeconds}
      />
      <div class="row">
        <ActionButton kind="danger" onPress={begin}>Begin an outage</ActionButton>
      </div>
    </Card>
  );
}

const COUNTRIES = [["US", "United States"], ["GB", "United Kingdom"], ["DE", "Germany"]] as const;

export function NewShop({ onOpened }: { onOpened: (shop: WorldShop) => void }) {
  const [region, setRegion] = useState<string>("US");
  const open = async ({ name = "" }: Record<string, string>): Promise<void> => {
    try {
      const shop = await changeWorld<WorldShop>("shops", { name, region });
      addEffect({
        sent: `${shop.name} opened at TikTok`,
        answer: `Its id is ${shop.shop_id}. It is not connected yet.`,
        link: { href: "/seller/shops", text: "Connect it" },
      });
      onOpened(shop);
    } catch (error) {
      showToast(describeError(error));
    }
  };
  return (
    <Card title="A new shop">
      <Form onSubmit={(values) => void open(values)}>
        <Field label="Name" name="name" placeholder="Teapots and more" isRequired />
        <Select
          label="Country"
          name="region"
          value={region}
          options={COUNTRIES}
          onChange={setRegion}
        />
        <div class="row">
          <button class="button plain" type="submit">Open the shop</button>
        </div>
      </Form>
    </Card>
  );
}
