/** Maps the label of an EasyPost shipment. */
import { exactCents } from "../../../values/money.ts";
import type { LabelFormat } from "../../shipment.ts";
import type { BoughtLabel } from "../provider.ts";
import type { Shipment } from "./schemas.ts";
import { toTrackingUpdate } from "./tracking.ts";

/** `undefined` if no label was bought. */
export function toBoughtLabel(shipment: Shipment, format: LabelFormat): BoughtLabel | undefined {
  const { postage_label, selected_rate, tracker } = shipment;
  if (!postage_label) return undefined;
  return {
    carrier: selected_rate?.carrier ?? tracker?.carrier ?? "unknown",
    service_type: selected_rate?.service ?? "unknown",
    shipping_cost: postageOf(shipment),
    currency: selected_rate?.currency ?? null,
    estimated_delivery: tracker ? toTrackingUpdate(tracker).estimated_delivery : null,
    tiktok_package_id: null,
    ...toLabelDocument(shipment, format),
  };
}

/** The document in `format`, or else in the format that EasyPost has drawn. */
export function toLabelDocument(shipment: Shipment, format: LabelFormat) {
  const label = shipment.postage_label;
  const urls = { PDF: label?.label_pdf_url, PNG: null, ZPL: label?.label_zpl_url };
  const url = urls[format];
  return {
    label_url: url ?? label?.label_url ?? null,
    label_format: url ? format : drawnFormat(label?.label_file_type ?? ""),
    // Links to EasyPost's labels do not expire.
    label_expires_at: null,
    tracking_number: shipment.tracking_code ?? shipment.tracker?.tracking_code ?? null,
  };
}

function drawnFormat(fileType: string): LabelFormat {
  if (/zpl/i.test(fileType)) return "ZPL";
  return /pdf/i.test(fileType) ? "PDF" : "PNG";
}

/** The postage without EasyPost's own fee, which the account pays. */
function postageOf({ fees, selected_rate }: Shipment): string | null {
  const postage = fees?.find((fee) => fee.type === "PostageFee")?.amount;
  return exactCents(postage ?? "") ?? exactCents(selected_rate?.rate ?? "") ?? null;
}
