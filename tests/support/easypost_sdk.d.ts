/** What the tests use of EasyPost's own client; the types that it brings do not check under Deno. */

export interface SdkRate {
  id: string;
  carrier: string;
  service: string;
  rate: string;
}

export interface SdkTracker {
  id: string;
  tracking_code: string;
  status: string;
  carrier: string;
}

export interface SdkShipment {
  id: string;
  object: string;
  reference: string | null;
  rates: SdkRate[];
  selected_rate: SdkRate | null;
  postage_label: { id: string; label_url: string; label_zpl_url: string | null } | null;
  tracking_code: string | null;
  tracker: SdkTracker | null;
  refund_status: string | null;
  fees: { type: string; amount: string }[];
  lowestRate(carriers?: string[], services?: string[]): SdkRate;
}

/** What the client throws for an answer that is an error. */
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
    all(query: Record<string, unknown>): Promise<{ shipments: SdkShipment[]; has_more: boolean }>;
    getNextPage(
      page: { shipments: SdkShipment[]; has_more: boolean },
      pageSize: number,
    ): Promise<{ shipments: SdkShipment[]; has_more: boolean }>;
    buy(id: string, rate: SdkRate | string, insurance?: number): Promise<SdkShipment>;
    refund(id: string): Promise<SdkShipment>;
    convertLabelFormat(id: string, format: string): Promise<SdkShipment>;
  };
  readonly Tracker: {
    create(tracker: { tracking_code: string; carrier?: string }): Promise<SdkTracker>;
    retrieve(id: string): Promise<SdkTracker>;
  };
  readonly Utils: {
    validateWebhook(
      body: Uint8Array,
      headers: Record<string, string>,
      secret: string,
    ): Record<string, unknown>;
  };
}
