/** @jsxImportSource hono/jsx/dom */
/** The newest orders of a shop at TikTok, and what their buyers may do. */
import { Badge } from "../../components/badge.tsx";
import { ActionButton } from "../../components/button.tsx";
import { changeOrder, changeWorld, findOrders, type WorldOrder } from "../../data/world.ts";
import { countOf, formatCode } from "../../format.ts";
import { ORDER_TONES, orderStateOf } from "../../states.ts";
import { addEffect, describeAnswers } from "./effect_list.ts";

const SHOWN = 5;

const liveUnits = ({ units }: WorldOrder) => units.filter(({ status }) => status !== "CANCELLED");

/** Does something to an order, and waits until the seller's row shows it. */
async function act(
  { order_id: orderId }: WorldOrder,
  sent: string,
  work: () => Promise<{ answers: number[] }>,
): Promise<void> {
  const [row] = await findOrders([orderId]);
  const { answers } = await work();
  const awaited = { orderId, before: row?.updated_at };
  addEffect({ sent, answer: describeAnswers(answers), awaited });
}

async function cancelUnit(order: WorldOrder): Promise<void> {
  const [unit, ...others] = liveUnits(order);
  const { order_id } = order;
  // TikTok cancels an order with its last unit.
  if (others.length === 0) {
    await act(order, `Order ${order_id} was cancelled`, () => changeOrder(order_id, "CANCELLED"));
    return;
  }
  await act(
    order,
    `A unit of order ${order_id} was cancelled: ${unit?.product_name}`,
    () => changeWorld(`orders/${order_id}/cancel-units`, { line_item_ids: [unit?.line_item_id] }),
  );
}

async function changeAddress(order: WorldOrder): Promise<void> {
  const { order_id } = order;
  await act(
    order,
    `The buyer of order ${order_id} moved`,
    () => changeWorld(`orders/${order_id}/change-address`),
  );
}

function OrderActions({ order, onDone }: { order: WorldOrder; onDone: () => void }) {
  const press = (work: (order: WorldOrder) => Promise<void>) => async () => {
    await work(order);
    onDone();
  };
  const isWaiting = order.status === "AWAITING_SHIPMENT";
  const what = <span class="visually-hidden">{` of ${order.order_id}`}</span>;
  return (
    <span class="row">
      <ActionButton kind="plain" isSmall isDisabled={!isWaiting} onPress={press(cancelUnit)}>
        {liveUnits(order).length > 1 ? "Cancel a unit" : "Cancel the order"}
        {what}
      </ActionButton>
      <ActionButton kind="plain" isSmall isDisabled={!isWaiting} onPress={press(changeAddress)}>
        Change the address{what}
      </ActionButton>
    </span>
  );
}

export function OrdersAtTikTok({ orders, onDone }: { orders: WorldOrder[]; onDone: () => void }) {
  return (
    <ul class="world-rows" aria-label="Newest orders at TikTok">
      {orders.slice(0, SHOWN).map((order) => {
        const state = orderStateOf(order.status);
        return (
          <li key={order.order_id}>
            <span>
              <span class="number">{order.order_id}</span>
              <span class="sub">
                <Badge tone={ORDER_TONES[state] ?? "calm"}>{formatCode(state)}</Badge>{" "}
                {countOf(liveUnits(order).length, "unit")}
              </span>
            </span>
            <OrderActions order={order} onDone={onDone} />
          </li>
        );
      })}
    </ul>
  );
}
