/** @jsxImportSource hono/jsx/dom */
/** Parcels of an order, with their labels. */
import { useState } from "../../../hooks.ts";
import { Badge, type Tone } from "../../../components/badge.tsx";
import { Card } from "../../../components/card.tsx";
import { Notice } from "../../../components/notice.tsx";
import { carrierName, providerName, serviceName } from "../../../carriers.ts";
import type { Shipment } from "../../../../../../shared/shipping/shipment.ts";
import { formatCode, formatMoney } from "../../../format.ts";
import { describePurchase } from "../../../purchases.ts";
import { describeParcel, PARCEL_TONES } from "../../../states.ts";
import { LabelPicture } from "./label_picture.tsx";
import { VoidDialog } from "./void_dialog.tsx";

/** States of a purchase that have a valid label. */
const VALID = ["purchased", "void_requested", "void_rejected"];

const TONES: Record<string, Tone> = { failed: "calm", unknown: "bad" };

function PurchaseNotice({ shipment }: { shipment: Shipment }) {
  const text = describePurchase(shipment);
  return text ? <Notice tone={TONES[shipment.state ?? ""] ?? "info"}>{text}</Notice> : null;
}

function AdviceNotice({ shipment: { advice, advice_reason } }: { shipment: Shipment }) {
  if (!advice) return null;
  const text = advice === "void_advised" ? "Void this label" : "Stop this parcel";
  return <Notice tone="warn">{text}: {formatCode(advice_reason).toLowerCase()}.</Notice>;
}

/** `UPS Ground`; `Royal Mail, own tracking number`. */
function describeCarrier({ carrier, provider, service_type: service }: Shipment): string {
  const name = carrier === null ? providerName(provider) : carrierName(carrier);
  if (provider === "own") return `${name}, own tracking number`;
  return service === null ? name : `${name} ${serviceName(carrier ?? "", service)}`.trim();
}

function ShipmentRow({ shipment, onChange }: { shipment: Shipment; onChange: () => void }) {
  const { state, status, provider } = shipment;
  const hasLabel = state !== null && VALID.includes(state) && provider !== "own";
  const canVoid = hasLabel && state !== "void_requested" && status === "purchased";
  const [isEnding, setEnding] = useState(false);
  return (
    <div class="stack">
      <div class="row">
        <strong>{describeCarrier(shipment)}</strong>
        <Badge tone={PARCEL_TONES[status ?? ""] ?? "calm"}>
          {status === null ? formatCode(state) : describeParcel(status)}
        </Badge>
      </div>
      <div class="row small muted">
        <span class="mono">{shipment.tracking_number ?? "No tracking number yet"}</span>
        {provider !== "own" && (
          <span>
            {formatMoney(shipment.shipping_cost ?? shipment.quoted_cost, shipment.currency)}
          </span>
        )}
      </div>
      <PurchaseNotice shipment={shipment} />
      <AdviceNotice shipment={shipment} />
      {hasLabel && <LabelPicture shipment={shipment} />}
      {canVoid && (
        <button type="button" class="button plain small" onClick={() => setEnding(true)}>
          Void the label
        </button>
      )}
      {isEnding && (
        <VoidDialog
          shipment={shipment}
          carrier={describeCarrier(shipment)}
          onVoided={onChange}
          onClose={() => setEnding(false)}
        />
      )}
    </div>
  );
}

export function Shipments(
  { shipments, onChange }: { shipments: Shipment[] | undefined; onChange: () => void },
) {
  if (!shipments || shipments.length === 0) return null;
  return (
    <Card title={shipments.length === 1 ? "Shipment" : "Shipments"}>
      {shipments.map((shipment) => (
        <ShipmentRow key={shipment.id} shipment={shipment} onChange={onChange} />
      ))}
    </Card>
  );
}
