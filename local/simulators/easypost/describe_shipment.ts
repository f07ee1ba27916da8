/** A shipment in the form of EasyPost's API. */
import { LABEL_FILES } from "../label_files.ts";
import type { Mode, PostageLabel, Shipment } from "./objects.ts";
import type { EasyPostState, LabelFormat, SimulatedLabel, SimulatedShipment } from "./state.ts";

export interface DescribeOptions {
  state: EasyPostState;
  mode: Mode;
  /** Base of the links to labels. */
  baseUrl: string;
}

function describeLabel(
  { id, createdAt, updatedAt, format, formats }: SimulatedLabel,
  baseUrl: string,
): PostageLabel {
  const url = (wanted: LabelFormat) =>
    formats.includes(wanted) ? `${baseUrl}/labels/${id}.${wanted.toLowerCase()}` : null;
  return {
    object: "PostageLabel",
    id,
    created_at: createdAt,
    updated_at: updatedAt,
    label_size: "4x6",
    label_file_type: LABEL_FILES[format].type,
    label_url: url(format),
    label_pdf_url: url("PDF"),
    label_zpl_url: url("ZPL"),
    label_epl2_url: null,
  };
}

export function describeShipment(
  shipment: SimulatedShipment,
  { state, mode, baseUrl }: DescribeOptions,
): Shipment {
  const { purchase } = shipment;
  const tracker = purchase ? state.get("trackers", purchase.trackerId) ?? null : null;
  return {
    id: shipment.id,
    object: "Shipment",
    created_at: shipment.createdAt,
    updated_at: shipment.updatedAt,
    mode,
    reference: shipment.reference,
    to_address: shipment.toAddress,
    from_address: shipment.fromAddress,
    parcel: shipment.parcel,
    options: shipment.options,
    messages: shipment.messages,
    rates: shipment.rates,
    selected_rate: purchase?.rate ?? null,
    postage_label: purchase ? describeLabel(purchase.label, baseUrl) : null,
    tracking_code: purchase?.trackingCode ?? null,
    tracker,
    status: tracker?.status ?? "unknown",
    refund_status: shipment.refund?.status ?? null,
    fees: purchase?.fees ?? [],
  };
}
