/** The sellers of `db:seed` on a running stack: what they have, and what each order becomes. */
import { britishOrder } from "./british_order.ts";
import type { SeededOrder, SeededSeller } from "./seeded.ts";

/** The password of every seeded seller. */
export const SEED_PASSWORD = "local-password";

/** The TikTok login of a seller. */
export function openIdOf({ email }: SeededSeller): string {
  return `seed-${email.replace(/@.*$/, "")}`;
}

const orderId = (n: number) => `576461000000000${n}`;

/** Every state of an order, and every kind of label. */
const CANDLE_ORDERS: SeededOrder[] = [
  { id: orderId(101), hours: 0.1, placedAs: "UNPAID" },
  { id: orderId(102), hours: 0.7, placedAs: "ON_HOLD", quantity: 2 },
  { id: orderId(103), hours: 3, quantity: 3, buyer: "Mina Okafor" },
  {
    id: orderId(104),
    hours: 48,
    buyer: "Tomas Lindqvist",
    ship: { by: "easypost", then: "in_transit" },
  },
  { id: orderId(105), hours: 480, placedAs: "COMPLETED", quantity: 4, buyer: "June Park" },
  { id: orderId(106), hours: 96, cancelled: true },
  { id: orderId(109), hours: 20, buyer: "Priya Nair", ship: { by: "easypost", then: "voided" } },
  {
    id: orderId(110),
    hours: 26,
    quantity: 3,
    buyer: "Hana Sato",
    ship: { by: "easypost", units: 1 },
  },
  { id: orderId(111), hours: 22, shippingType: "TIKTOK", ship: { by: "tiktok" } },
  {
    ...{ id: orderId(112), hours: 200, quantity: 2, buyer: "Leo Martins", becomes: "DELIVERED" },
    ship: { by: "easypost", then: "delivered" },
  },
  {
    ...{ id: orderId(113), hours: 70, buyer: "Ada Winters" },
    ship: {
      ...{ by: "own", carrier: "UPS", trackingNumber: "1Z5EED000000000113" },
      then: "in_transit",
    },
  },
  { id: orderId(114), hours: 5, shippingType: "TIKTOK", price: "42.50" },
  {
    ...{ id: orderId(115), hours: 50, shippingType: "TIKTOK", becomes: "IN_TRANSIT" },
    ship: { by: "tiktok" },
  },
];

export const SEEDED_SELLERS: SeededSeller[] = [
  {
    email: "ada@creatorflow.test",
    name: "Ada",
    about: "Plan Growth: two shops (US, GB), every state of an order, every kind of label",
    plan: { name: "growth", limit: 500 },
    shops: [
      { id: "7490000000000000101", name: "Ada's Candles", region: "US", orders: CANDLE_ORDERS },
      {
        ...{ id: "7490000000000000102", name: "Ada's Teas", region: "GB" },
        orders: [
          britishOrder({ id: orderId(107), hours: 8, quantity: 2 }),
          britishOrder({
            ...{ id: orderId(108), hours: 30, quantity: 5 },
            ship: { by: "own", carrier: "Royal Mail", trackingNumber: "SD000000108GB" },
          }),
        ],
      },
    ],
  },
  {
    email: "bob@creatorflow.test",
    name: "Bob",
    about: "Trial: one shop, one parcel in transit",
    shops: [{
      ...{ id: "7490000000000000201", name: "Bob's Boards", region: "US" },
      orders: [
        { id: orderId(201), hours: 2, price: "89.00", buyer: "Noor Haddad" },
        {
          ...{ id: orderId(202), hours: 40, price: "89.00" },
          ship: { by: "easypost", then: "in_transit" },
        },
        { id: orderId(203), hours: 90, price: "12.00", quantity: 2, cancelled: true },
      ],
    }],
  },
  {
    email: "cara@creatorflow.test",
    name: "Cara",
    about: "Plan Starter: one shop, the last payment failed",
    plan: { name: "starter", limit: 100, pastDue: true },
    shops: [{
      ...{ id: "7490000000000000301", name: "Cara's Ceramics", region: "US" },
      orders: [
        { id: orderId(301), hours: 1 },
        { id: orderId(302), hours: 60, ship: { by: "easypost" } },
      ],
    }],
  },
  {
    email: "dan@creatorflow.test",
    name: "Dan",
    about: "Trial: one shop, twelve orders, two of them held by the plan",
    held: 2,
    shops: [{
      ...{ id: "7490000000000000401", name: "Dan's Drums", region: "US" },
      orders: Array.from({ length: 12 }, (_, n) => ({ id: orderId(401 + n), hours: 6 + n })),
    }],
  },
];
