/** Bytes as text: Deno 2.1 lacks the newer methods of Uint8Array. */
import { Buffer } from "node:buffer";

/** Without padding. */
export function toBase64Url(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return Buffer.from(bytes as Uint8Array<ArrayBuffer>).toString("base64url");
}

/**
 * Takes the standard and the URL alphabet, with or without padding. Refuses left-over bits, so that equal
 * bytes have one text only.
 * @throws {SyntaxError}
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const plain = text.replace(/={0,2}$/, "").replaceAll("-", "+").replaceAll("_", "/");
  // Not by Buffer, whose first use takes 3 ms: every start reads keys.
  const binary = decode(plain);
  if (binary === undefined || btoa(binary).replace(/=+$/, "") !== plain) {
    throw new SyntaxError("The text is not base64");
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** One character for each byte; `undefined` for what `atob` does not take. */
function decode(plain: string): string | undefined {
  try {
    return atob(plain);
  } catch {
    return undefined;
  }
}
