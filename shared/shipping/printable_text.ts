/** Text of an address as carriers print it. */

/** Letters in a style of their own, and full-width ones: each stands for a plain one. */
const STYLED = /[\u{1D400}-\u{1D7FF}\u{FF01}-\u{FF5E}]/gu;

/** Direction marks, joiners, soft hyphens, variants of emoji. */
const INVISIBLE = /[\p{Cf}\u{FE0E}\u{FE0F}\u{20E3}]/gu;

const UNPRINTABLE =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\p{Cc}\u{FFFD}]/gu;

/**
 * Buyers put emoji into their names, and EasyPost refuses an address with one: "The parameters passed contained an
 * invalid character" (woocommerce/woocommerce-ios issue 4377). Accents stay: EasyPost converts them for each carrier.
 */
export function printableText(text: string): string {
  return text.replace(STYLED, (letter) => letter.normalize("NFKC"))
    .replace(INVISIBLE, "")
    .replace(UNPRINTABLE, " ")
    .replace(/\s+/g, " ")
    .trim();
}
