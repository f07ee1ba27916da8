/** Bytes as text, by Buffer: Deno 2.1 lacks the newer methods of Uint8Array. */
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
  const bytes = Buffer.from(text, "base64");
  const plain = text.replace(/={0,2}$/, "").replaceAll("+", "-").replaceAll("/", "_");
  if (bytes.toString("base64url") !== plain) throw new SyntaxError("The text is not base64");
  return new Uint8Array(bytes);
}
