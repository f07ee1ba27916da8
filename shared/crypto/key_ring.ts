/** The keys that protect secrets at rest: one that is used for new text, and older ones that still read. */
import { fromBase64 } from "./encoding.ts";

/** What is derived from one entry of `ENCRYPTION_KEYS`. */
export interface DerivedKeys {
  /** AES-256-GCM. */
  encryption: CryptoKey;
  /** HMAC-SHA256, for blind indexes. */
  index: CryptoKey;
}

export interface KeyRing {
  /** Id of the key for new text. */
  current: string;
  keys: ReadonlyMap<string, DerivedKeys>;
}

/** Separate keys for separate jobs, so that neither tells anything about the other. */
async function derive(bytes: Uint8Array<ArrayBuffer>): Promise<DerivedKeys> {
  const material = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: new TextEncoder().encode("creatorflow blind index"),
  };
  const hmac = { name: "HMAC", hash: "SHA-256", length: 256 };
  return {
    encryption: await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, [
      "encrypt",
      "decrypt",
    ]),
    index: await crypto.subtle.deriveKey(hkdf, material, hmac, false, ["sign"]),
  };
}

/**
 * Reads `id:base64,id:base64`. Ids are 1-32 characters of A-Z a-z 0-9 _ -; keys are 32 bytes (AES-256).
 * Messages never contain key material.
 */
export async function parseKeyRing(text: string): Promise<KeyRing> {
  const keys = new Map<string, DerivedKeys>();
  let current: string | undefined;
  for (const entry of text.split(",").map((part) => part.trim()).filter(Boolean)) {
    const [id = "", base64 = ""] = entry.split(":");
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
      throw new Error("An entry does not have the form id:base64.");
    }
    if (keys.has(id)) throw new Error(`Key id "${id}" is there twice.`);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = fromBase64(base64);
    } catch {
      throw new Error(`Key "${id}" is not base64.`);
    }
    if (bytes.length !== 32) throw new Error(`Key "${id}" has ${bytes.length} bytes, not 32.`);
    keys.set(id, await derive(bytes));
    current ??= id;
  }
  if (current === undefined) throw new Error("There is no key in it.");
  return { current, keys };
}
