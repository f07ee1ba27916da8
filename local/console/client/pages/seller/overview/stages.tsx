/** @jsxImportSource hono/jsx/dom */
/** How many orders wait for the seller, for the carrier, and for their arrival. */
import { countStages } from "../../../data/orders.ts";
import { countOf, formatNumber } from "../../../format.ts";
import { useQuery } from "../../../use_query.ts";

interface StageProps {
  state: string;
  name: string;
  count: number | undefined;
  about: string;
}

function Stage({ state, name, count, about }: StageProps) {
  return (
    <a class="stage" href={`/seller/orders?state=${state}`}>
      <span class="stage-name">{name}</span>
      <span class="figure">{count === undefined ? "–" : formatNumber(count)}</span>
      <span class="small muted">{about}</span>
    </a>
  );
}

function describeDue(dueSoon: number | undefined): string {
  if (!dueSoon) return "none within a day";
  return `${countOf(dueSoon, "order")} within a day`;
}

export function StageTiles() {
  const stages = useQuery("stages", countStages).data;
  return (
    <nav class="stages" aria-label="Orders by state">
      <Stage
        state="to_ship"
        name="To ship"
        count={stages?.toShip}
        about={describeDue(stages?.dueSoon)}
      />
      <Stage
        state="awaiting_collection"
        name="Awaiting collection"
        count={stages?.awaitingCollection}
        about="with a label"
      />
      <Stage
        state="in_transit"
        name="In transit"
        count={stages?.inTransit}
        about="with the carrier"
      />
    </nav>
  );
}
