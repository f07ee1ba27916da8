/** Checks that each seller has exactly their TikTok orders, in TikTok's newest state. */
import type { SimulatedOrder } from "../../local/simulators/tiktok/state.ts";
import type { TestStack } from "../support/stack.ts";
import { type Check, equal, none } from "./check.ts";
import type { ChaosSeller } from "./sellers.ts";

interface StoredOrder {
  id: string;
  shop_id: string;
  user_id: string;
  status: string;
  updated_at: number;
  counts: boolean;
  from_warehouse: boolean | null;
}

const PAGE = 1000;
const FINISHED = ["DELIVERED", "COMPLETED", "CANCELLED"];

function simulatedOrders(stack: TestStack, seller: ChaosSeller): SimulatedOrder[] {
  return stack.tiktok.state.all("orders").filter((order) => seller.shopIds.includes(order.shopId));
}

async function storedOrders(stack: TestStack): Promise<StoredOrder[]> {
  return await stack.sql<StoredOrder[]>`
    select tiktok_order_id as id, shop.shop_id, orders.user_id, tiktok_status as status,
      extract(epoch from tiktok_updated_at)::int as updated_at, counts_for_plan as counts,
      fulfillment_type <> 'FULFILLMENT_BY_SELLER' as from_warehouse
    from public.orders join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id`;
}

/** The orders that the seller's own client sees. */
async function visibleOrders(seller: ChaosSeller): Promise<string[]> {
  const ids: string[] = [];
  while (true) {
    const { data, error } = await seller.client.from("orders").select("tiktok_order_id")
      .order("tiktok_order_id").range(ids.length, ids.length + PAGE - 1);
    if (error) throw new Error(`The orders of ${seller.name} are not readable: ${error.message}`);
    ids.push(...data.map((order) => order.tiktok_order_id));
    if (data.length < PAGE) return ids;
  }
}

/** @param held Ids of the orders that have a held event. */
function checkPresence(
  simulated: SimulatedOrder[],
  stored: StoredOrder[],
  held: Set<string>,
): Check[] {
  const ids = stored.map((order) => order.id);
  const present = new Set(ids);
  const known = new Map(simulated.map((order) => [order.id, order]));
  return [
    none(
      "orders neither stored nor held",
      [...known.keys()].filter((id) => !present.has(id) && !held.has(id)),
    ),
    none("orders stored and held", ids.filter((id) => held.has(id))),
    none("orders stored twice", ids.filter((id, i) => ids.indexOf(id) !== i)),
    none(
      "orders in another shop than TikTok's",
      stored.filter((order) => known.get(order.id)?.shopId !== order.shop_id).map((order) =>
        order.id
      ),
    ),
    none(
      "orders stored or held that TikTok does not have",
      [...present, ...held].filter((id) => !known.has(id)),
    ),
    none(
      "orders not in TikTok's newest state",
      stored.filter((order) => {
        const detail = known.get(order.id)?.detail;
        return order.status !== detail?.status || order.updated_at !== detail.update_time;
      }).map((order) => `${order.id} is ${order.status}`),
    ),
  ];
}

async function checkSeller(
  stack: TestStack,
  seller: ChaosSeller,
  stored: StoredOrder[],
): Promise<Check[]> {
  const own = stored.filter((order) => order.user_id === seller.id);
  const visible = await visibleOrders(seller);
  const ids = new Set(own.map((order) => order.id));
  // The run may begin in one month and end in the next.
  const [counted] = await stack.sql<{ total: number; most: number }[]>`
    select coalesce(sum(orders), 0)::int as total, coalesce(max(orders), 0)::int as most
    from private.monthly_order_counts where user_id = ${seller.id}`;
  const { total = 0, most = 0 } = counted ?? {};
  const simulated = simulatedOrders(stack, seller);
  const counting = own.filter((order) => order.counts);
  const others = own.filter((order) => !order.counts);
  const otherIds = new Set(others.map((order) => order.id));
  return [
    equal(
      `${seller.name}: counting orders stored, of at most ${seller.limit.toLocaleString("en")}`,
      Math.min(seller.limit, simulated.length - others.length),
      counting.length,
    ),
    equal(`${seller.name}: counted this month`, counting.length, total),
    none(
      `${seller.name}: the seller's own orders that do not count though they are not finished`,
      others.filter((order) => !order.from_warehouse && !FINISHED.includes(order.status))
        .map((order) => order.id),
    ),
    none(
      `${seller.name}: orders cancelled before payment that count or are held`,
      simulated.filter(({ id, detail }) =>
        detail.status === "CANCELLED" && detail.paid_time === undefined && !otherIds.has(id)
      ).map(({ id }) => id),
    ),
    equal(`${seller.name}: counted over the limit`, 0, Math.max(0, most - seller.limit)),
    equal(`${seller.name}: sees`, own.length, visible.length),
    none(`${seller.name}: sees of other sellers`, visible.filter((id) => !ids.has(id))),
  ];
}

export async function checkOrders(stack: TestStack, sellers: ChaosSeller[]): Promise<Check[]> {
  const stored = await storedOrders(stack);
  const held = await stack.sql<{ object_id: string }[]>`
    select distinct object_id from private.webhook_events where status = 'held'`;
  const checks = checkPresence(
    sellers.flatMap((seller) => simulatedOrders(stack, seller)),
    stored,
    new Set(held.map((event) => event.object_id)),
  );
  for (const seller of sellers) checks.push(...await checkSeller(stack, seller, stored));
  return checks;
}

/** After the seller's plan has grown and the event worker was called. */
export async function checkRelease(stack: TestStack, seller: ChaosSeller): Promise<Check[]> {
  const [held] = await stack.sql`
    select count(*)::int as events from private.webhook_events where status = 'held'`;
  const own = (await storedOrders(stack)).filter((order) => order.user_id === seller.id);
  const expected = simulatedOrders(stack, seller).length;
  return [
    equal(`${seller.name}: orders stored after taking a larger plan`, expected, own.length),
    equal("events still held afterwards", 0, held?.events),
  ];
}
