/** @jsxImportSource hono/jsx/dom */
/** The label itself, to look at and to print. */
import { useState } from "../../../hooks.ts";
import { Several } from "../../../components/several.tsx";
import { getLabel } from "../../../data/labels.ts";
import type { Shipment } from "../../../../../../shared/shipping/shipment.ts";
import { useQuery } from "../../../use_query.ts";

/** TikTok draws its labels after the purchase. */
const LOOK_MS = 2000;

/** A label that is drawn stays the same; its link is requested once. */
async function findLabel(shipment: Shipment) {
  return shipment.label_url === null ? await getLabel(shipment.id) : shipment;
}

export function LabelPicture({ shipment }: { shipment: Shipment }) {
  const isDrawn = shipment.label_url !== null;
  const { data } = useQuery(
    `label:${shipment.id}:${isDrawn}`,
    () => findLabel(shipment),
    isDrawn ? {} : { everyMs: LOOK_MS },
  );
  const [isBroken, setBroken] = useState(false);
  const url = data?.label_url;
  if (!url) return <p class="muted" role="status">The label is being drawn…</p>;
  const isPicture = data.label_format === "PNG" && !isBroken;
  return (
    <Several>
      {isPicture && (
        <img
          class="label-picture"
          src={url}
          alt={`Shipping label ${shipment.tracking_number ?? ""}`}
          onError={() => setBroken(true)}
        />
      )}
      <a class="button plain small" href={url} target="_blank" rel="noreferrer">
        Open the label to print it
      </a>
    </Several>
  );
}
