/** What the World page changes in the stack itself: the month, and the search for lost webhooks. */
// @ts-types="../../postgres/pg.d.ts"
import type { Pool } from "pg";
import type { StripeSimulator } from "../../simulators/stripe/simulator.ts";

/** How often the month was turned since the data folder was made. */
export interface TurnedMonths {
  count: () => number;
  add: () => void;
}

/** A file of the data folder, as the counts that were moved outlive a restart too. */
export function turnedMonthsFile(path: string): TurnedMonths {
  const count = () => {
    try {
      return Number(Deno.readTextFileSync(path)) || 0;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return 0;
      throw error;
    }
  };
  return { count, add: () => Deno.writeTextFileSync(path, String(count() + 1)) };
}

export interface WorldOptions {
  pool: Pool;
  turnedMonths: TurnedMonths;
  /** Calls the function as the scheduler does. */
  runWorker: () => Promise<void>;
  stripe: () => StripeSimulator | undefined;
}

/** Tables with a row for each month, the oldest month first, so that no row meets another on its way. */
const SHIFT_MONTHS = `
do $$
declare
  counted text;
  each_month date;
begin
  foreach counted in array array['monthly_order_counts', 'monthly_shop_counts', 'label_spending'] loop
    for each_month in execute format('select distinct month from private.%I order by month', counted) loop
      execute format(
        'update private.%I set month = (month - interval ''1 month'')::date where month = $1', counted
      ) using each_month;
    end loop;
  end loop;
end;
$$`;

/** The months that were counted move back by one: for plan and limits the next month begins. */
export async function turnMonth({ pool, runWorker, stripe, turnedMonths }: WorldOptions) {
  const before = await countHeld(pool);
  await pool.query(SHIFT_MONTHS);
  turnedMonths.add();
  const simulator = stripe();
  const renewed =
    simulator?.state.all("subscriptions").filter(({ status }) =>
      status === "active" || status === "past_due"
    ) ?? [];
  for (const { id } of renewed) await simulator?.advance(id, "renew");
  await runWorker();
  const after = await countHeld(pool);
  const turned = turnedMonths.count();
  return { renewed: renewed.length, held_before: before, held_after: after, turned };
}

async function countHeld(pool: Pool): Promise<number> {
  const { rows: [row] } = await pool.query<{ held: number }>(
    "select count(*)::integer as held from private.webhook_events where status = 'held'",
  );
  return row?.held ?? 0;
}

/** The search by update time that finds orders whose webhook was lost; the clock does it every 15 minutes. */
export async function searchOrders({ pool, runWorker }: WorldOptions) {
  const { rows: [row] } = await pool.query<{ requested: unknown }>(
    "select public.request_order_sync() as requested",
  );
  await runWorker();
  return { requested: row?.requested ?? null };
}
