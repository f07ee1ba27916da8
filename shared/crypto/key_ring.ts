/** The keys that protect secrets at rest: the first encrypts, all decrypt. */
import { hkdfSync } from "node:crypto";
import { createOnFirstUse } from "../values/create_on_first_use.ts";
import { fromBase64 } from "./encoding.ts";

/** Two keys for two purposes, derived from one entry of `ENCRYPTION_KEYS`. */
export interface DerivedKeys {
  /** AES-256-GCM. */
  encryption: Promise<CryptoKey>;
  /** HMAC-SHA256 of the blind indexes. */
  index: Uint8Array;
}

export interface KeyRing {
  /** Id of the key for new text. */
  current: string;
  keys: ReadonlyMap<string, DerivedKeys>;
}

/** Each is derived with its first use: most requests need neither. */
function deriveKeys(bytes: Uint8Array<ArrayBuffer>): DerivedKeys {
  const encryption = createOnFirstUse(() =>
    crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])
  );
  const index = createOnFirstUse(() =>
    new Uint8Array(hkdfSync("sha256", bytes, "", "creatorflow blind index", 32))
  );
  return {
    get encryption() {
      return encryption();
    },
    get index() {
      return index();
    },
  };
}

/**
 * Reads `id:base64,id:base64`. Ids are 1-32 characters of A-Z a-z 0-9 _ -; keys are 32 bytes (AES-256).
 * @throws {Error} whose message contains no key material
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, DerivedKeys>();
  let current: string | undefined;
  for (const entry of text.split(",").map((part) => part.trim()).filter(Boolean)) {
    const [id = "", base64 = ""] = entry.split(":");
    // Without the colon, the text before it may be a key.
    if (!/^[A-Za-z0-9_-]{1,32}:/.test(entry)) {
      throw new Error("An entry does not have the form id:base64.");
    }
    if (keys.has(id)) throw new Error(`Key id "${id}" appears twice.`);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = fromBase64(base64);
    } catch {
      throw new Error(`Key "${id}" is not base64.`);
    }
    if (bytes.length !== 32) throw new Error(`Key "${id}" has ${bytes.length} bytes, not 32.`);
    keys.set(id, deriveKeys(bytes));
    current ??= id;
  }
  if (current === undefined) throw new Error("It contains no key.");
  return { current, keys };
}
