/** TikTok's ids: strings of digits, too long for a number. */

export function randomDigits(length: number): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(length)),
    (byte) => String(byte % 10),
  ).join("");
}
