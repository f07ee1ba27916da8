/** Exact arithmetic on decimal strings such as "19.00"; binary fractions would lose cents. */

/** Sum of non-negative decimals, with as many decimals as the most precise of them. */
export function addDecimals(amounts: readonly string[]): string {
  const scale = Math.max(0, ...amounts.map((amount) => (amount.split(".")[1] ?? "").length));
  const units = amounts.map((amount) => {
    const [whole = "0", fraction = ""] = amount.split(".");
    return BigInt(whole + fraction.padEnd(scale, "0"));
  });
  const digits = units.reduce((sum, unit) => sum + unit, 0n).toString().padStart(scale + 1, "0");
  return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * A decimal with two or no decimals, as the columns of money hold it: trailing zeros are dropped, and
 * nothing is rounded. `undefined` for a text with more decimals, or that is not a decimal.
 */
export function exactCents(amount: string): string | undefined {
  const [, whole, fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const significant = fraction.replace(/0+$/, "");
  if (whole === undefined || significant.length > 2) return undefined;
  return significant === "" ? whole : `${whole}.${significant.padEnd(2, "0")}`;
}

/** Whether one non-negative decimal is more than another. */
export function isMore(amount: string, than: string): boolean {
  const scale = 10;
  const units = (text: string) => {
    const [whole = "0", fraction = ""] = text.split(".");
    return BigInt(whole + fraction.padEnd(scale, "0").slice(0, scale));
  };
  return units(amount) > units(than);
}
