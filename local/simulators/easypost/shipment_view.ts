/** A shipment as EasyPost answers it. */
import type { EasyPostState, LabelFormat, SimulatedLabel, SimulatedShipment } from "./state.ts";

export interface ViewOptions {
  state: EasyPostState;
  mode: string;
  /** What labels' addresses begin with. */
  baseUrl: string;
}

const FILE_TYPES: Record<LabelFormat, string> = {
  PNG: "image/png",
  PDF: "application/pdf",
  ZPL: "application/zpl",
};

function viewLabel(label: SimulatedLabel, baseUrl: string) {
  const url = (format: LabelFormat) => `${baseUrl}/labels/${label.id}.${format.toLowerCase()}`;
  const urlIfMade = (format: LabelFormat) =>
    label.format === format || label.converted.includes(format) ? url(format) : null;
  return {
    object: "PostageLabel",
    id: label.id,
    created_at: label.createdAt,
    updated_at: label.updatedAt,
    date_advance: 0,
    integrated_form: "none",
    label_date: label.createdAt,
    label_resolution: 300,
    label_size: label.size,
    label_type: "default",
    label_file_type: FILE_TYPES[label.format],
    label_url: url(label.format),
    label_pdf_url: urlIfMade("PDF"),
    label_zpl_url: urlIfMade("ZPL"),
    label_epl2_url: null,
    label_file: null,
  };
}

export function viewShipment(shipment: SimulatedShipment, { state, mode, baseUrl }: ViewOptions) {
  const { purchase, toAddress, fromAddress } = shipment;
  const tracker = purchase ? state.get("trackers", purchase.trackerId) ?? null : null;
  return {
    id: shipment.id,
    object: "Shipment",
    created_at: shipment.createdAt,
    updated_at: shipment.updatedAt,
    mode,
    reference: shipment.reference,
    is_return: false,
    to_address: toAddress,
    from_address: fromAddress,
    return_address: fromAddress,
    buyer_address: toAddress,
    parcel: shipment.parcel,
    customs_info: null,
    options: { ...shipment.options, currency: "USD", payment: { type: "SENDER" }, date_advance: 0 },
    messages: shipment.messages,
    rates: shipment.rates,
    selected_rate: purchase?.rate ?? null,
    postage_label: purchase ? viewLabel(purchase.label, baseUrl) : null,
    tracking_code: purchase?.trackingCode ?? null,
    tracker,
    status: tracker?.status ?? "unknown",
    refund_status: shipment.refund?.status ?? null,
    insurance: purchase?.insurance ?? null,
    fees: purchase?.fees ?? [],
    forms: [],
    scan_form: null,
    order_id: null,
    batch_id: null,
    batch_status: null,
    batch_message: null,
    usps_zone: null,
  };
}
