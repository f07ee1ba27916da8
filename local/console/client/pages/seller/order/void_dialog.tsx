/** @jsxImportSource hono/jsx/dom */
/** Asks before a label is voided: the parcel can no longer be sent with it. */
import { ConfirmDialog } from "../../../components/confirm_dialog.tsx";
import { showToast } from "../../../components/toast.tsx";
import { voidLabel } from "../../../data/labels.ts";
import type { Shipment } from "../../../../../../shared/shipping/shipment.ts";
import { formatMoney } from "../../../format.ts";

/** What follows, as the provider of the label decides it. */
function Consequence({ shipment }: { shipment: Shipment }) {
  if (shipment.provider === "tiktok_shipping") {
    return (
      <p>
        This label is TikTok's own, and only TikTok's Seller Center cancels it. Once you have
        cancelled the package there, the label can be voided here.
      </p>
    );
  }
  const { shipping_cost, quoted_cost, currency } = shipment;
  return (
    <p>
      The parcel can no longer be sent with this label. If the carrier agrees, its price of{" "}
      {formatMoney(shipping_cost ?? quoted_cost, currency)} back, and the order needs another label.
    </p>
  );
}

export interface VoidDialogProps {
  shipment: Shipment;
  /** `UPS Ground` */
  carrier: string;
  onVoided: () => void;
  onClose: () => void;
}

export function VoidDialog({ shipment, carrier, onVoided, onClose }: VoidDialogProps) {
  const endLabel = async (): Promise<void> => {
    const { state } = await voidLabel(shipment.id);
    showToast(state === "voided" ? "The label is void." : "The void was requested.");
    onClose();
    onVoided();
  };
  return (
    <ConfirmDialog
      title={`Void the label of ${carrier}?`}
      action="Void the label"
      onConfirm={endLabel}
      onClose={onClose}
    >
      <p class="mono">{shipment.tracking_number ?? "No tracking number yet"}</p>
      <Consequence shipment={shipment} />
    </ConfirmDialog>
  );
}
