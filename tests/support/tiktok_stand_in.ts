/** Stand-in for TikTok's API: answers each path as a test configures it, and checks no signature. */
import { encrypt } from "../../shared/crypto/encryption.ts";
import { type KeyRing, parseKeyRing } from "../../shared/crypto/key_ring.ts";
import type { DatabaseClient } from "../../shared/database/client.ts";
import type { OrderToShip, Purchase } from "../../shared/shipping/schemas.ts";
import { TikTokShippingProvider } from "../../shared/shipping/providers/tiktok/provider.ts";
import { TikTokClient } from "../../shared/tiktok/api/client.ts";
import { tokenContext } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import { type Seen, withServer } from "./local_server.ts";
import { LINE_ITEMS, orderToShip, purchaseOf } from "./purchases.ts";

const BASE = "/fulfillment/202309";
export const PACKAGE_ID = "1152300000000000002";
export const ORDER_ID = "576461413038785752";
export const ORDERS = "GET /order/202309/orders";
export const CREATE = `POST ${BASE}/packages`;
export const SERVICES = `POST ${BASE}/orders/${ORDER_ID}/shipping_services/query`;
export const PACKAGE = `GET ${BASE}/packages/${PACKAGE_ID}`;
export const SHIP = `POST ${BASE}/packages/${PACKAGE_ID}/ship`;
export const DOCUMENT = `GET ${BASE}/packages/${PACKAGE_ID}/shipping_documents`;

const SHOP_ID = "7495540735365777507";

/** TikTok's envelope. */
export interface Envelope {
  code: number;
  message: string;
  // deno-lint-ignore no-explicit-any -- tests change answers freely
  data: any;
  request_id?: string;
}

const FIXTURES = new URL("../fixtures/tiktok/", import.meta.url);

/** @param name File name without `.json`. */
export function readFixture(name: string): Envelope {
  return JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FIXTURES)));
}

export const FIXTURE = {
  order: () => readFixture("11-order-detail-us-awaiting-shipment-seller-shipping"),
  services: () => readFixture("19-eligible-shipping-services-us"),
  created: () => readFixture("20-create-packages-label-bought-us"),
  shipped: () => readFixture("21-ship-package-success"),
  document: () => readFixture("22-shipping-document"),
  package: () => readFixture("25-package-detail"),
  boughtAlready: () => readFixture("51-error-21022025-label-already-bought"),
  notReady: () => readFixture("52-error-11034037-label-not-ready"),
};

/** The sample order with these fields on its units, in order. */
export function orderWith(...units: Record<string, unknown>[]): Envelope {
  const order = FIXTURE.order();
  const [{ line_items }] = order.data.orders;
  units.forEach((fields, i) => Object.assign(line_items[i], fields));
  return order;
}

/** The sample package with other fields. */
export function packageWith(fields: Record<string, unknown>): Envelope {
  const detail = FIXTURE.package();
  Object.assign(detail.data, fields);
  return detail;
}

/** A refusal by TikTok. */
export function refusal(code: number, status = 200, headers: HeadersInit = {}): () => Response {
  const body = { code, message: "no", data: null, request_id: "r1" };
  return () => Response.json(body, { status, headers });
}

/** A page of a proxy before TikTok. */
export function page(status: number, headers: HeadersInit = {}): () => Response {
  return () => new Response("<html>", { status, headers });
}

/** Answers by method and path. */
export type Routes = Record<string, Envelope | (() => Response | Promise<Response>)>;

export interface TikTokWorld {
  provider: TikTokShippingProvider;
  tiktok: TikTokClient;
  /** May be changed while the stand-in runs. */
  routes: Routes;
  requests: Seen[];
  /** Method and path of each request. */
  calls: () => string[];
  /** An order of a connected shop. */
  order: (region?: string | null) => OrderToShip;
  purchase: (fields?: Partial<Purchase>, region?: string | null) => Purchase;
  keys: KeyRing;
}

export interface WorldOptions {
  timeoutMs?: number;
  /** Answers calls of SQL functions; without it, a call is an error. */
  rpc?: (name: string, keys: KeyRing) => unknown;
}

/** @throws {Error} after `use`, if a request had no configured answer. */
export async function withTikTok(
  routes: Routes,
  use: (world: TikTokWorld) => Promise<void>,
  { timeoutMs = 60_000, rpc }: WorldOptions = {},
): Promise<void> {
  const keys = await parseKeyRing(`k1:${btoa("k".repeat(32))}`);
  const accessToken = await encrypt(keys, "TTP_token", tokenContext("access_token", SHOP_ID));
  const database = {
    async rpc(name: string) {
      if (rpc === undefined) throw new Error(`Unexpected call of ${name}`);
      return { data: await rpc(name, keys), error: null };
    },
  } as unknown as DatabaseClient;
  const unexpected: string[] = [];
  const answer = async ({ method, url }: Seen) => {
    const name = `${method} ${url.pathname}`;
    const route = routes[name];
    if (route === undefined) unexpected.push(name);
    if (route === undefined) return refusal(36009009, 404)();
    return typeof route === "function" ? await route() : Response.json(route);
  };
  await withServer(answer, async (apiUrl, requests) => {
    const config = {
      appKey: "key",
      appSecret: "top-secret",
      apiUrl,
      authUrl: "http://127.0.0.1:1",
    };
    const tiktok = new TikTokClient(config, { timeoutMs, wait: () => Promise.resolve() });
    const order = (region: string | null = "US") =>
      orderToShip({
        shipping_type: "TIKTOK",
        shop: {
          id: "5f0d7c1e-3a52-4b8f-8f59-9d8a4a0c1b03",
          shop_id: SHOP_ID,
          shop_cipher: "cipher",
          access_token: accessToken,
          token_version: 1,
          paused_seconds: null,
          region,
        },
      });
    await use({
      provider: new TikTokShippingProvider({ database, tiktok, config, keys }),
      tiktok,
      routes,
      requests,
      calls: () => requests.map(({ method, url }) => `${method} ${url.pathname}`),
      order,
      purchase: (fields = {}, region = "US") =>
        purchaseOf({
          provider: "tiktok_shipping",
          service: "7208000000000000001",
          line_item_ids: LINE_ITEMS,
          order: order(region),
          ...fields,
        }),
      keys,
    });
  });
  if (unexpected.length > 0) throw new Error(`Unexpected requests: ${unexpected.join(", ")}`);
}
