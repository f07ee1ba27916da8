/** Text of others at a terminal. */

/** Removes control characters: text of others must not control the terminal. */
export function plainText(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
