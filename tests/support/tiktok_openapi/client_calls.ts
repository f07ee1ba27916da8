/** Every call of our TikTok client, made with a client that records it in place of sending. */
import type * as z from "zod";
import {
  type ShopAccess,
  type TikTokCall,
  TikTokClient,
} from "../../../shared/tiktok/api/client.ts";
import { readTikTokCountryParameters } from "../../../shared/config.ts";
import { countryQuery } from "../../../shared/tiktok/api/provider_countries.ts";
import { getCancellationDeadlines } from "../../../shared/tiktok/api/cancellations.ts";
import { getReturns, searchReturns } from "../../../shared/tiktok/api/returns.ts";
import * as fulfillment from "../../../shared/tiktok/api/fulfillment.ts";
import * as orders from "../../../shared/tiktok/api/orders.ts";
import * as shops from "../../../shared/tiktok/api/shops.ts";
import * as webhooks from "../../../shared/tiktok/api/webhooks.ts";

export interface RecordedCall extends TikTokCall {
  access: ShopAccess;
  /** Reads the answer's data. */
  schema: z.core.$ZodType;
}

class Recorded extends Error {}

class RecordingClient extends TikTokClient {
  recorded: RecordedCall | undefined;

  constructor() {
    super({ appKey: "", appSecret: "", apiUrl: "", authUrl: "" });
  }

  override call<T extends z.core.$ZodType>(
    schema: T,
    access: ShopAccess,
    call: TikTokCall,
  ): Promise<z.infer<T>> {
    this.recorded = { ...call, access, schema };
    return Promise.reject(new Recorded());
  }
}

/** A call that is missing here, or no longer exists, does not compile. */
type CallName =
  | keyof typeof orders
  | keyof typeof shops
  | keyof typeof webhooks
  | keyof typeof fulfillment
  | "getCancellationDeadlines"
  | "getReturns"
  | "searchReturns";

const ACCESS = { accessToken: "token", shopCipher: "cipher" };
const ORDER = "576461413038785752";
const UNIT = "576461413038851288";
const PACKAGE = "1152300000000000002";
const TRACKING = {
  tracking_number: "1Z999AA10123456784",
  shipping_provider_id: "7117859084333745966",
};
const MEASURES = {
  dimension: { length: "10", width: "5", height: "2", unit: "INCH" },
  weight: { value: "1.5", unit: "POUND" },
};

const CALLS: Record<CallName, (tiktok: TikTokClient) => Promise<unknown>> = {
  getOrders: (tiktok) => orders.getOrders(tiktok, ACCESS, [ORDER, ORDER]),
  searchOrders: (tiktok) =>
    orders.searchOrders(tiktok, ACCESS, { from: 1, to: 2, pageSize: 50, pageToken: "next" }),
  getAuthorizedShops: (tiktok) => shops.getAuthorizedShops(tiktok, "token"),
  getWebhooks: (tiktok) => webhooks.getWebhooks(tiktok, ACCESS),
  putWebhook: (tiktok) =>
    webhooks.putWebhook(tiktok, ACCESS, "ORDER_STATUS_CHANGE", "https://a.example/"),
  deleteWebhook: (tiktok) => webhooks.deleteWebhook(tiktok, ACCESS, "ORDER_STATUS_CHANGE"),
  getCancellationDeadlines: (tiktok) => getCancellationDeadlines(tiktok, ACCESS, [ORDER]),
  getReturns: (tiktok) => getReturns(tiktok, ACCESS, ["4035318504086604100"]),
  searchReturns: (tiktok) => searchReturns(tiktok, ACCESS, { from: 1, to: 2, pageToken: "next" }),
  getShippingServices: (tiktok) =>
    fulfillment.getShippingServices(tiktok, ACCESS, ORDER, [UNIT], MEASURES),
  createPackage: (tiktok) =>
    fulfillment.createPackage(tiktok, ACCESS, ORDER, {
      ...MEASURES,
      order_line_item_ids: [UNIT],
      shipping_service_id: "7208000000000000001",
    }),
  createCombinedPackage: (tiktok) =>
    fulfillment.createCombinedPackage(tiktok, ACCESS, [ORDER, ORDER], {
      ...MEASURES,
      shipping_service_id: "7208000000000000001",
    }),
  shipPackage: (tiktok) => fulfillment.shipPackage(tiktok, ACCESS, PACKAGE, TRACKING),
  getPackage: (tiktok) => fulfillment.getPackage(tiktok, ACCESS, PACKAGE),
  getShippingDocument: (tiktok) =>
    fulfillment.getShippingDocument(tiktok, ACCESS, PACKAGE, { document_type: "SHIPPING_LABEL" }),
  markPackageAsShipped: (tiktok) =>
    fulfillment.markPackageAsShipped(tiktok, ACCESS, ORDER, {
      ...TRACKING,
      order_line_item_ids: [UNIT],
    }),
  updateShippingInfo: (tiktok) => fulfillment.updateShippingInfo(tiktok, ACCESS, PACKAGE, TRACKING),
  getShippingProviders: (tiktok) =>
    fulfillment.getShippingProviders(
      tiktok,
      ACCESS,
      ORDER,
      countryQuery(readTikTokCountryParameters(() => undefined), { region: "DE" }),
    ),
};

/** Each call by its name. */
export async function recordCalls(): Promise<Map<string, RecordedCall>> {
  const calls = new Map<string, RecordedCall>();
  for (const [name, makeCall] of Object.entries(CALLS)) {
    const client = new RecordingClient();
    await makeCall(client).catch((error) => {
      if (!(error instanceof Recorded)) throw error;
    });
    if (client.recorded === undefined) throw new Error(`${name} made no call`);
    calls.set(name, client.recorded);
  }
  return calls;
}
