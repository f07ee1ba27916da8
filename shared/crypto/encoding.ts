/**
 * Bytes as text. By Node's Buffer, which every edge runtime has; the newer methods of Uint8Array are
 * not everywhere yet.
 */
import { Buffer } from "node:buffer";

/** Lower-case hexadecimal. */
export function toHex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("hex");
}

/** Without padding. */
export function toBase64Url(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return Buffer.from(bytes as Uint8Array<ArrayBuffer>).toString("base64url");
}

/**
 * Standard or URL alphabet, padding optional. One text for some bytes: what has left-over bits is
 * refused, so that nobody can write the same thing in two ways.
 * @throws {SyntaxError}
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(text, "base64");
  const plain = text.replace(/={0,2}$/, "").replaceAll("+", "-").replaceAll("/", "_");
  if (bytes.toString("base64url") !== plain) throw new SyntaxError("The text is not base64");
  return new Uint8Array(bytes);
}

/** SHA-256 of a text's UTF-8, in lower-case hexadecimal. */
export async function sha256Hex(text: string): Promise<string> {
  return toHex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
