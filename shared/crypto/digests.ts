/** SHA-256 and HMAC-SHA256, in lower-case hexadecimal. */
import { createHash, createHmac } from "node:crypto";

/** SHA-256 of a text's UTF-8. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** HMAC-SHA256 of the parts one after the other; texts count as their UTF-8. */
export function hmacSha256Hex(key: string, ...parts: (string | Uint8Array)[]): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
