/** @jsxImportSource hono/jsx/dom */
/** Connected shops of all sellers, and their purchases of labels. */
import { providerName } from "../../carriers.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { Several } from "../../components/several.tsx";
import { Table } from "../../components/table.tsx";
import { callConsole } from "../../console_api.ts";
import { formatAge, formatCode } from "../../format.ts";
import { shortId } from "../../ids.ts";
import { SHOP_STATES, SHOP_TONES } from "../../states.ts";
import { useQuery } from "../../use_query.ts";
import { OperatorFrame } from "./operator_frame.tsx";

interface Connection {
  id: string;
  shop_id: string;
  shop_name: string | null;
  region: string | null;
  seller_id: string;
  status: string;
  status_reason: string | null;
  token_expires_at: string;
  orders_synced_until: string | null;
}

interface Purchase {
  id: string;
  seller_id: string;
  provider: string;
  service: string;
  state: string;
  state_since: string;
  attempt: number;
  reason: string | null;
  cost_cents: number | null;
}

const READ_MS = 3000;

const PURCHASE_TONES: Record<string, Tone> = {
  requested: "info",
  purchasing: "info",
  purchased: "good",
  failed: "bad",
  unknown: "warn",
  void_requested: "info",
  voided: "calm",
  void_rejected: "warn",
};

async function readBoth() {
  const [{ connections }, { purchases }] = await Promise.all([
    callConsole<{ connections: Connection[] }>("operator/connections"),
    callConsole<{ purchases: Purchase[] }>("operator/purchases"),
  ]);
  return { connections, purchases };
}

function Connections({ connections }: { connections: Connection[] }) {
  return (
    <Table
      caption="Connections"
      rows={connections}
      keyOf={({ id }) => id}
      columns={[
        {
          head: "Shop",
          cell: ({ shop_name, shop_id, region }) => (
            <Several>
              <strong>{shop_name ?? shop_id}</strong>
              <span class="sub number">{region} · {shop_id}</span>
            </Several>
          ),
        },
        {
          head: "State",
          cell: ({ status, status_reason, orders_synced_until }) => (
            <Several>
              <Badge tone={SHOP_TONES[status] ?? "calm"}>{SHOP_STATES[status] ?? status}</Badge>
              {orders_synced_until && (
                <span class="sub phone-only">searched {formatAge(orders_synced_until)}</span>
              )}
              {status_reason && <span class="sub">{formatCode(status_reason)}</span>}
            </Several>
          ),
        },
        {
          head: "Searched until",
          cell: ({ orders_synced_until }) =>
            orders_synced_until ? formatAge(orders_synced_until) : "–",
          isWideOnly: true,
        },
        {
          head: "Token expires",
          cell: ({ token_expires_at }) => formatAge(token_expires_at),
          isWideOnly: true,
        },
        {
          head: "Seller",
          cell: ({ seller_id }) => <span class="mono" title={seller_id}>{shortId(seller_id)}</span>,
          isWideOnly: true,
        },
      ]}
    />
  );
}

function Purchases({ purchases }: { purchases: Purchase[] }) {
  return (
    <Table
      caption="Purchases of labels"
      rows={purchases}
      keyOf={({ id }) => id}
      columns={[
        {
          head: "Label",
          cell: ({ provider, service }) => (
            <Several>
              {providerName(provider)}
              {service !== provider && <span class="sub">{service}</span>}
            </Several>
          ),
        },
        {
          head: "State",
          cell: ({ state, reason, state_since }) => (
            <Several>
              <Badge tone={PURCHASE_TONES[state] ?? "calm"}>{formatCode(state)}</Badge>
              <span class="sub phone-only">{formatAge(state_since)}</span>
              {reason && <span class="sub">{formatCode(reason)}</span>}
            </Several>
          ),
        },
        { head: "Since", cell: ({ state_since }) => formatAge(state_since), isWideOnly: true },
        {
          head: "Cost",
          cell: ({ cost_cents }) => cost_cents === null ? "–" : `$${(cost_cents / 100).toFixed(2)}`,
          isNumber: true,
        },
        { head: "Attempt", cell: ({ attempt }) => attempt, isNumber: true, isWideOnly: true },
      ]}
    />
  );
}

export function ConnectionsPage() {
  const query = useQuery("connections", readBoth, { everyMs: READ_MS });
  return (
    <OperatorFrame
      title="Shops"
      about="Connected shops of all sellers, and the labels that they bought."
      query={query}
      show={({ connections, purchases }) => (
        <Several>
          <Card isFlush title="Connected shops">
            {connections.length === 0
              ? <EmptyState icon="shops" title="No shop is connected" />
              : <Connections connections={connections} />}
          </Card>
          <Card isFlush title="Purchases of labels">
            {purchases.length === 0
              ? <EmptyState icon="box" title="No label was bought" />
              : <Purchases purchases={purchases} />}
          </Card>
        </Several>
      )}
    />
  );
}
