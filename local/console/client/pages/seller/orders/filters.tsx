/** @jsxImportSource hono/jsx/dom */
/** Search, state and shop of the list of orders; they stand in the address. */
import { useRef } from "hono/jsx/dom";
import { Field, Select } from "../../../components/field.tsx";
import type { OrderFilter } from "../../../data/orders.ts";
import { listShops } from "../../../data/shops.ts";
import { formatCode } from "../../../format.ts";
import { setParameters } from "../../../router.ts";
import { ORDER_STATES } from "../../../states.ts";
import { useQuery } from "../../../use_query.ts";

const STATES: [string, string][] = [
  ["", "All states"],
  ["to_ship", "To ship"],
  ...ORDER_STATES.map((state): [string, string] => [state, formatCode(state)]),
];

/** Typing is not answered letter by letter. */
const TYPING_MS = 250;

export function Filters({ filter }: { filter: OrderFilter }) {
  const shops = useQuery("shops", listShops, { hasRows: false }).data ?? [];
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const search = (text: string): void => {
    clearTimeout(typing.current ?? undefined);
    typing.current = setTimeout(() => setParameters({ text }), TYPING_MS);
  };
  return (
    <search class="filters">
      <Field
        label="Search"
        name="text"
        type="search"
        value={filter.text ?? ""}
        placeholder="Order id, its last digits, or buyer"
        onInput={search}
      />
      <Select
        label="State"
        name="state"
        value={filter.status ?? ""}
        options={STATES}
        onChange={(state) => setParameters({ state })}
      />
      <Select
        label="Shop"
        name="shop"
        value={filter.shop ?? ""}
        options={[
          ["", "All shops"],
          ...shops.map((shop) => [shop.id, shop.shop_name ?? shop.shop_id] as const),
        ]}
        onChange={(shop) => setParameters({ shop })}
      />
    </search>
  );
}
