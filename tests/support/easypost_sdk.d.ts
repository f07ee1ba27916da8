/** EasyPost's official client, as far as tests use it; the types of the client itself do not check in Deno. */

import type { IFee, IRate, IShipment, ITracker } from "@easypost/api";

export type SdkRate = Pick<IRate, "id" | "carrier" | "service" | "rate">;

export type SdkTracker = Pick<ITracker, "id" | "tracking_code" | "status" | "carrier">;

export interface SdkShipment extends Pick<IShipment, "id" | "object"> {
  reference: string | null;
  rates: SdkRate[];
  selected_rate: SdkRate | null;
  postage_label: { id: string; label_url: string; label_zpl_url: string | null } | null;
  tracking_code: string | null;
  tracker: SdkTracker | null;
  refund_status: string | null;
  fees: Pick<IFee, "type" | "amount">[];
  lowestRate(carriers?: string[], services?: string[]): SdkRate;
}

/** Error of the client for an error answer. */
export interface SdkError extends Error {
  code: string;
  statusCode: number;
  errors: { field: string; message: string }[];
}

export default class EasyPostClient {
  constructor(key: string, options: { baseUrl: string; timeout?: number });
  readonly Shipment: {
    create(shipment: Record<string, unknown>): Promise<SdkShipment>;
    retrieve(id: string): Promise<SdkShipment>;
    buy(id: string, rate: SdkRate | string): Promise<SdkShipment>;
    refund(id: string): Promise<SdkShipment>;
    convertLabelFormat(id: string, format: string): Promise<SdkShipment>;
  };
  readonly Utils: {
    validateWebhook(
      body: Uint8Array,
      headers: Record<string, string>,
      secret: string,
    ): Record<string, unknown>;
  };
}
