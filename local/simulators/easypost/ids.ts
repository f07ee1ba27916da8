/** EasyPost's ids, times and amounts of money. */

/** E.g. `shp_` and 32 hex digits. */
export function newId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}

/** ISO 8601, to the second. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

export function centsOf(dollars: string): number {
  return Math.round(Number(dollars) * 100);
}

/** A rate's amount: "5.12". */
export function dollars(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** A fee's amount: "5.12000". */
export function feeAmount(cents: number): string {
  return (cents / 100).toFixed(5);
}
