/** @jsxImportSource hono/jsx/dom */
/** How many orders wait for the seller, for the carrier, and for their arrival. */
import type { OrderOverview } from "../../../../../../shared/database/results.ts";
import { countOf, formatNumber } from "../../../format.ts";

interface StageProps {
  state: string;
  name: string;
  count: number;
  about: string;
}

function Stage({ state, name, count, about }: StageProps) {
  return (
    <a class="stage" href={`/seller/orders?state=${state}`}>
      <span class="stage-name">{name}</span>
      <span class="figure">{formatNumber(count)}</span>
      <span class="small muted">{about}</span>
    </a>
  );
}

function describeDue(dueSoon: number): string {
  if (dueSoon === 0) return "none within a day";
  return `${countOf(dueSoon, "order")} within a day`;
}

export function StageTiles({ counts }: { counts: OrderOverview }) {
  return (
    <nav class="stages" aria-label="Orders by state">
      <Stage
        state="to_ship"
        name="To ship"
        count={counts.to_ship}
        about={describeDue(counts.due_soon)}
      />
      <Stage
        state="awaiting_collection"
        name="Awaiting collection"
        count={counts.awaiting_collection}
        about="with a label"
      />
      <Stage
        state="in_transit"
        name="In transit"
        count={counts.in_transit}
        about="with the carrier"
      />
    </nav>
  );
}
