/** @jsxImportSource hono/jsx/dom */
/** The day on which the counts of the plan start again, in the month that World has turned to. */
import { Several } from "../../components/several.tsx";
import { addMonths, formatDay } from "../../format.ts";
import { useStore } from "../../store.ts";
import { turnedMonths } from "../../turned_months.ts";

/** @param time `month_ends_at` of the usage, by the calendar. */
export function MonthEnd({ time }: { time: string }) {
  return <Several>{formatDay(addMonths(time, useStore(turnedMonths)))}</Several>;
}
