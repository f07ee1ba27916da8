/** @jsxImportSource hono/jsx/dom */
/** Carriers: a parcel travels from its first scan to the buyer. */
import { Badge } from "../../components/badge.tsx";
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import {
  listWorldParcels,
  moveParcel,
  nextState,
  type WorldParcel,
} from "../../data/world_parcels.ts";
import { carrierName } from "../../carriers.ts";
import { describeParcel, PARCEL_TONES } from "../../states.ts";
import { useQuery } from "../../use_query.ts";
import { addEffect, describeAnswers } from "./effect_list.ts";

const READ_MS = 3000;
const SHOWN = 5;

async function moveOn(parcel: WorldParcel, state: string): Promise<void> {
  const { answers } = await moveParcel(parcel, state);
  addEffect({
    sent: `Parcel ${parcel.number}: ${describeParcel(state).toLowerCase()}`,
    answer: describeAnswers(answers),
    link: parcel.orderId === undefined
      ? { href: "/seller/orders", text: "Orders" }
      : { href: `/seller/orders?text=${parcel.orderId}`, text: `Order ${parcel.orderId}` },
  });
}

function Parcel({ parcel, onDone }: { parcel: WorldParcel; onDone: () => void }) {
  const { number, carrier, state, orderId } = parcel;
  const next = nextState(parcel);
  const press = async (): Promise<void> => {
    if (next !== undefined) await moveOn(parcel, next);
    onDone();
  };
  return (
    <li>
      <span>
        <span class="number">{number}</span>
        <span class="sub">
          <Badge tone={PARCEL_TONES[state] ?? "calm"}>{describeParcel(state)}</Badge>{" "}
          {carrierName(carrier)}
          {orderId && ` · order ${orderId}`}
        </span>
      </span>
      {next !== undefined && (
        <ActionButton kind="plain" isSmall onPress={press}>
          {describeParcel(next)}
          <span class="visually-hidden">{` for ${number}`}</span>
        </ActionButton>
      )}
    </li>
  );
}

export function Carriers({ shopId }: { shopId: string }) {
  const { data: parcels, reload } = useQuery(
    `world-parcels:${shopId}`,
    () => listWorldParcels(shopId),
    { everyMs: READ_MS },
  );
  return (
    <Card title="Carriers">
      {parcels?.length === 0 && (
        <p class="muted">No parcel yet. Buy a label on an order's page; then it can travel here.</p>
      )}
      {parcels && parcels.length > 0 && (
        <ul class="world-rows" aria-label="Newest parcels">
          {parcels.slice(0, SHOWN).map((parcel) => (
            <Parcel key={parcel.number} parcel={parcel} onDone={reload} />
          ))}
        </ul>
      )}
    </Card>
  );
}
