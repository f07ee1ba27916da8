/** Ingests the orders that some events of one shop name: one call to TikTok, one to the database. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import type { ClaimedEvent, EventHandler, EventResult, ShopEvent } from "../../inbox/events.ts";
import { errorText, log } from "../../log.ts";
import { toStorable } from "../../values/storable_text.ts";
import { getCancellationDeadlines } from "../api/cancellations.ts";
import { isRefusal, TikTokError } from "../api/errors.ts";
import { getOrders, type OrdersAnswer } from "../api/orders.ts";
import { ConnectionWaitsError, ShopConnection } from "../connections/shop_connection.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { parseTikTokWebhook } from "../webhooks/parse_webhook.ts";
import { mapOrder, type OrderRow } from "./map_order.ts";
import { noticeOf } from "./order_notices.ts";
import { type Notice, readReturns, type Returns, withRefund } from "./return_refunds.ts";
import { LoggableError } from "../../loggable_error.ts";

/** An event about one order of a connected shop. */
type OrderEvent = ShopEvent & { object_id: string };

const Outcomes = z.object({
  outcomes: z.array(z.object({
    event_id: z.int(),
    outcome: z.string(),
    error: z.optional(z.string()),
  })),
  /** Held events that are due again. */
  released: z.int(),
});

/** Events of the same shop are ingested together. */
export function ingestOrdersHandler(dependencies: () => TikTokDependencies): EventHandler {
  return {
    groupOf: ({ event_id, shop, object_id }) =>
      shop !== null && object_id !== null ? `orders of ${shop.id}` : String(event_id),

    async handle(events) {
      const [{ shop, shop_id, object_id }] = events as [ClaimedEvent];
      if (shop === null) {
        return [{ ignored: shop_id === null ? "no_shop_named" : "shop_not_connected" }];
      }
      if (object_id === null) return [{ ignored: "no_order_named" }];
      return await ingestOrders(dependencies(), events as OrderEvent[]);
    },
  };
}

/**
 * @param events At most 50 events of one shop.
 * @returns A result for each event, in their order.
 * @throws {TikTokError}
 */
async function ingestOrders(
  dependencies: TikTokDependencies,
  events: OrderEvent[],
): Promise<EventResult[]> {
  const { database, tiktok } = dependencies;
  const [{ shop }] = events as [OrderEvent];
  const orderIds = [...new Set(events.map((event) => event.object_id))];
  const connection = new ShopConnection(dependencies, shop);
  let answer: OrdersAnswer;
  try {
    answer = await connection.call((access) => getOrders(tiktok, access, orderIds));
  } catch (error) {
    if (error instanceof ConnectionWaitsError) throw error;
    // TikTok does not document whether one order that it refuses spoils the answer for the others.
    if (orderIds.length === 1 || !(error instanceof TikTokError && isRefusal(error))) throw error;
    return (await Promise.all(events.map((event) => ingestAlone(dependencies, event)))).flat();
  }
  const deadlines = await readDeadlines(dependencies, connection, answer);
  const noticed = events.map((event) => ({ event, ...readNotice(event) }));
  const returns = await readReturns(
    tiktok,
    connection,
    noticed.flatMap(({ notice }) => notice === undefined ? [] : [notice]),
  );
  const items = noticed.map((one) => toItemOrError(one, answer, deadlines, returns));
  const outcomes = new Map<number, EventResult>();
  const ready = items.flatMap((item) => "error" in item ? [] : [item]);
  if (ready.length > 0) {
    const args = { p_tiktok_shop_id: shop.id, p_items: ready };
    const stored = await callFunction(database, "ingest_orders", args, Outcomes);
    for (const { event_id, outcome, error } of stored.outcomes) {
      const failure = { error: new LoggableError(`ingest_order failed with ${error}`) };
      const result = { outcome, more: stored.released > 0 || outcome === "reread" };
      outcomes.set(event_id, outcome === "failed" ? failure : result);
    }
  }
  return items.map((item) =>
    "error" in item
      ? item
      : outcomes.get(item.event_id) ?? { error: new LoggableError("ingest_orders gave no outcome") }
  );
}

/** Deadlines of buyers' cancellation requests. Without the answer orders are stored without their deadlines. */
async function readDeadlines(
  { tiktok }: TikTokDependencies,
  connection: ShopConnection,
  { orders }: OrdersAnswer,
): Promise<Map<string, number>> {
  const ids = [...orders.values()].filter((order) => order.is_buyer_request_cancel === true)
    .map((order) => order.id);
  if (ids.length === 0) return new Map();
  try {
    return await connection.call((access) => getCancellationDeadlines(tiktok, access, ids));
  } catch (error) {
    if (!(error instanceof TikTokError)) throw error;
    // E.g. a connection that was authorized without the scope.
    log.warn("cancellation deadlines not read", { error: errorText(error) });
    return new Map();
  }
}

/** One element of the argument `p_items` of SQL `ingest_orders`. */
interface IngestItem {
  event_id: number;
  /** `read_after`: a time of the database before the order was read. */
  order: OrderRow & { read_after: string };
  notice: Record<string, unknown>;
}

/** The item of an event, or why its order cannot be ingested. */
function toItemOrError(
  { event, notice, error }: NoticedEvent,
  { orders, unreadable }: OrdersAnswer,
  deadlines: Map<string, number>,
  returns: Returns,
): IngestItem | { error: unknown } {
  try {
    if (notice === undefined) throw error;
    const order = orders.get(event.object_id);
    const odd = unreadable.find(({ id }) => id === event.object_id);
    if (odd !== undefined) throw odd.error;
    // TikTok may announce an order a moment before its API shows it.
    if (order === undefined) throw new LoggableError("TikTok does not show the order to this shop");
    return {
      event_id: event.event_id,
      order: {
        ...toStorable(mapOrder(order, deadlines.get(order.id))),
        read_after: event.claimed_at,
      },
      notice: toStorable(withRefund(notice, event.object_id, returns)),
    };
  } catch (error) {
    return { error };
  }
}

/** The body of our own events about an order. */
const OwnBody = z.object({ notice: z._default(z.record(z.string(), z.json()), {}) });

/** `error`: its body cannot be read. */
type NoticedEvent = { event: OrderEvent; notice?: Notice; error?: unknown };

function readNotice({ source, event_type, body }: OrderEvent): Omit<NoticedEvent, "event"> {
  try {
    if (source === "creatorflow") return { notice: OwnBody.parse(JSON.parse(body)).notice };
    return { notice: noticeOf(event_type, parseTikTokWebhook(body).data) };
  } catch (error) {
    return { error };
  }
}

async function ingestAlone(
  dependencies: TikTokDependencies,
  event: OrderEvent,
): Promise<EventResult[]> {
  try {
    return await ingestOrders(dependencies, [event]);
  } catch (error) {
    return [{ error }];
  }
}
