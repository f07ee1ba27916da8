/** Values as people read them. */

/** Exact for decimal strings. */
export function formatMoney(amount: string | number | null, currency: string | null): string {
  if (amount === null) return "–";
  if (currency === null || currency === "") return String(amount);
  return new Intl.NumberFormat("en-US", { style: "currency", currency })
    .format(amount as Intl.StringNumericLiteral);
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat("en-US").format(value);
}

const TIME = new Intl.DateTimeFormat("en-GB", {
  ...{ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
});

export function formatTime(time: string | null | undefined): string {
  return time ? TIME.format(new Date(time)) : "–";
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });

/** The day in UTC, in which months of a plan are counted: `1 December`. */
export function formatDay(time: string): string {
  return DAY.format(new Date(time));
}

/** The same day and time, so many months later. */
export function addMonths(time: string, months: number): string {
  const date = new Date(time);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString();
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** `09:26:17`, today. */
export function formatClock(time: string | number): string {
  return CLOCK.format(new Date(time));
}

const STEPS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `2 minutes ago`, `in 3 hours`, `just now`, `in less than a minute`. */
export function formatAge(time: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 0 ? "in less than a minute" : "just now";
}

/** `awaiting_shipment` is `Awaiting shipment`. */
export function formatCode(code: string | null | undefined): string {
  if (!code) return "–";
  const text = code.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `ORDER_STATUS_CHANGE` is `Order status change`; Stripe's and EasyPost's names, with dots, stay. */
export function formatEventType(type: string): string {
  return type.includes(".") ? type : formatCode(type);
}

const REGIONS = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

/** `GB` is `United Kingdom`. */
export function describeRegion(code: string | null | undefined): string {
  return code && /^[A-Z]{2}$/.test(code) ? REGIONS.of(code) ?? code : code || "–";
}

/** `1 order`, `2 orders`. */
export function countOf(number: number, one: string, many = `${one}s`): string {
  return `${formatNumber(number)} ${number === 1 ? one : many}`;
}
