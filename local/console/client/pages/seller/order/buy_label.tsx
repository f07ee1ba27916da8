/** @jsxImportSource hono/jsx/dom */
/** Prices for the parcel, and the purchase of one. */
import { useState } from "../../../hooks.ts";
import { ActionButton } from "../../../components/button.tsx";
import { Card } from "../../../components/card.tsx";
import { Notice } from "../../../components/notice.tsx";
import { Several } from "../../../components/several.tsx";
import { showToast } from "../../../components/toast.tsx";
import { carrierName } from "../../../carriers.ts";
import { buyLabel, getRates, type LabelRequest, type Rate } from "../../../data/labels.ts";
import type { Order } from "../../../data/order.ts";
import { CallError } from "../../../errors.ts";
import { coversAll, readFieldErrors } from "../../../field_errors.ts";
import { countOf, formatMoney } from "../../../format.ts";
import { PARCEL_FIELDS, ParcelForm } from "./parcel_form.tsx";
import { RateChoice } from "./rate_choice.tsx";

const TO_SHIP = ["awaiting_shipment", "partially_shipped"];

/** Prices, with what they are for, and the key of their purchase. */
interface Offer {
  request: LabelRequest;
  rates: Rate[];
  key: string;
}

function Refusal({ error, onCombine }: { error: CallError; onCombine: (ids: string[]) => void }) {
  const others = error.problem.order_ids;
  const action = error.code === "order_combined" && Array.isArray(others) && others.length > 0
    ? (
      <button
        type="button"
        class="button plain small"
        onClick={() => onCombine(others as string[])}
      >
        One parcel for {countOf(others.length + 1, "order")}
      </button>
    )
    : undefined;
  return <Notice tone="bad" action={action}>{error.message}</Notice>;
}

interface PurchaseProps {
  offer: Offer;
  onBack: () => void;
  onBought: () => void;
  onRefused: (error: CallError) => void;
}

function Purchase({ offer, onBack, onBought, onRefused }: PurchaseProps) {
  const [chosen, setChosen] = useState(offer.rates[0]?.rate_id ?? "");
  const rate = offer.rates.find(({ rate_id }) => rate_id === chosen);
  const buy = async (): Promise<void> => {
    try {
      // A repetition of the same choice never buys a second label.
      const { carrier } = await buyLabel(offer.request, chosen, `${offer.key}:${chosen}`);
      showToast(carrier ? `The ${carrierName(carrier)} label is bought.` : "The label is bought.");
      onBought();
    } catch (error) {
      if (error instanceof CallError) onRefused(error);
      else throw error;
    }
  };
  return (
    <Several>
      <RateChoice rates={offer.rates} chosen={chosen} onChoose={setChosen} />
      <div class="row">
        <ActionButton isDisabled={!rate} onPress={buy}>
          {rate ? `Buy for ${formatMoney(rate.price, rate.currency)}` : "No carrier offers a label"}
        </ActionButton>
        <button type="button" class="button quiet" onClick={onBack}>Change the parcel</button>
      </div>
    </Several>
  );
}

export interface BuyLabelProps {
  order: Order;
  /** Whether the shop has a sender's address, as far as is known. */
  isSenderKnown: boolean;
  onBought: () => void;
}

export function BuyLabel({ order, isSenderKnown, onBought }: BuyLabelProps) {
  const [offer, setOffer] = useState<Offer | null>(null);
  const [error, setError] = useState<CallError | null>(null);
  const [asked, setAsked] = useState<LabelRequest | null>(null);
  if (!TO_SHIP.includes(order.order_status)) return null;
  const ask = async (request: LabelRequest): Promise<void> => {
    setError(null);
    setAsked(request);
    try {
      setOffer({ request, rates: await getRates(request), key: crypto.randomUUID() });
    } catch (caught) {
      if (!(caught instanceof CallError)) throw caught;
      setError(caught);
    }
  };
  const finish = (): void => {
    setOffer(null);
    onBought();
  };
  const fieldErrors = error ? readFieldErrors(error.problem) : {};
  const needsSender = !isSenderKnown || error?.code === "sender_required" ||
    asked?.from !== undefined;
  return (
    <Card title="Buy a label">
      {coversAll(fieldErrors, PARCEL_FIELDS) && (
        <Notice tone="bad">Nothing was requested: correct the marked fields.</Notice>
      )}
      {error && error.code !== "sender_required" && !coversAll(fieldErrors, PARCEL_FIELDS) && (
        <Refusal
          error={error}
          onCombine={(ids) => asked && void ask({ ...asked, order_ids: ids })}
        />
      )}
      {offer
        ? (
          <Purchase
            offer={offer}
            onBack={() => setOffer(null)}
            onBought={finish}
            onRefused={setError}
          />
        )
        : (
          <ParcelForm
            order={order}
            before={asked}
            needsSender={needsSender}
            errors={fieldErrors}
            onAsk={ask}
          />
        )}
    </Card>
  );
}
