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
