/** @jsxImportSource hono/jsx/dom */
/** The day on which the counts of the plan start again, in the month that World has turned to. */
import { Several } from "../../components/several.tsx";
import { countTurnedMonths } from "../../data/world.ts";
import { addMonths, formatDay } from "../../format.ts";
import { useQuery } from "../../use_query.ts";

/** @param time `month_ends_at` of the usage, by the calendar. */
export function MonthEnd({ time }: { time: string }) {
  const { data: turned = 0 } = useQuery("turned-months", countTurnedMonths);
  return <Several>{formatDay(addMonths(time, turned))}</Several>;
}
