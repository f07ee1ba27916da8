/** JSON from outside, with a limit on its nesting: whatever walks a deeper value could overflow the stack. */

/** Far more than any vendor or app sends. */
export const MAX_DEPTH = 100;

/** Counts brackets outside of texts; JSON.parse refuses what is not JSON. */
function isNestedTooDeeply(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isText = !isText;
    else if (isText) {
      if (character === "\\") at++;
    } else if (character === "[" || character === "{") {
      if (++depth > MAX_DEPTH) return true;
    } else if (character === "]" || character === "}") depth--;
  }
  return false;
}

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

/** As JSON.parse. @throws {SyntaxError} also for more than `MAX_DEPTH` levels */
export function parseJson(text: string, reviver?: Reviver): unknown {
  if (isNestedTooDeeply(text)) throw new SyntaxError("JSON is nested too deeply");
  return JSON.parse(text, reviver);
}
