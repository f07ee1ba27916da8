/** Text of an address as carriers print it. */

/** Letters in a style of their own, and full-width ones: each stands for a plain one. */
const STYLED = /[\u{1D400}-\u{1D7FF}\u{FF01}-\u{FF5E}]/gu;

/** Capitals in squares and circles: three rows that begin 32 code points apart. */
const ENCLOSED = /[\u{1F130}-\u{1F149}\u{1F150}-\u{1F169}\u{1F170}-\u{1F189}]/gu;

const plainCapital = (letter: string) =>
  String.fromCharCode(65 + ((letter.codePointAt(0) ?? 0) - 0x1F130) % 32);

/** Direction marks, joiners, soft hyphens, variants of emoji and of Chinese characters. */
const INVISIBLE = /[\p{Cf}\p{Variation_Selector}\u{20E3}]/gu;

/** Most emoji, and hieroglyphs as in nicknames, are past U+FFFF; so are characters of Chinese and Japanese names. */
const UNPRINTABLE =
  /(?!\p{Script=Han})[\u{10000}-\u{10FFFF}]|[\p{Extended_Pictographic}\p{Cc}\u{FFFD}]/gu;

/**
 * Buyers put emoji into their names, and EasyPost refuses an address with one: "The parameters passed contained an
 * invalid character" (woocommerce/woocommerce-ios issue 4377). Accents stay: EasyPost converts them for each carrier.
 */
export function printableText(text: string): string {
  return text.replace(STYLED, (letter) => letter.normalize("NFKC"))
    .replace(ENCLOSED, plainCapital)
    .replace(INVISIBLE, "")
    .replace(UNPRINTABLE, " ")
    .replace(/\s+/g, " ")
    .trim();
}
