/** The signature that TikTok and EasyPost make. */
import { toHex } from "./encoding.ts";

/** HMAC-SHA256 with a text's UTF-8 as the key, in lower-case hexadecimal. */
export async function hmacSha256Hex(
  key: string,
  message: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = new TextEncoder().encode(key);
  const hmacKey = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  return toHex(await crypto.subtle.sign("HMAC", hmacKey, message));
}
