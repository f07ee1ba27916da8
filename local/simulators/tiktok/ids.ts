/** Ids as TikTok gives them: strings of digits, too long for a number. */

export function randomDigits(length: number): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(length)),
    (byte) => String(byte % 10),
  ).join("");
}

export function newPackageId(): string {
  return `1152${randomDigits(15)}`;
}
