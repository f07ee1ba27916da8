/** The keys that encrypt secrets at rest: one that encrypts, and older ones that still decrypt. */

export interface KeyRing {
  /** Id of the key that encrypts. */
  current: string;
  keys: ReadonlyMap<string, CryptoKey>;
}

/**
 * Reads `id:base64,id:base64`. Ids are 1-32 characters of A-Z a-z 0-9 _ -; keys are 32 bytes (AES-256).
 * Messages never contain key material.
 */
export async function parseKeyRing(text: string): Promise<KeyRing> {
  const keys = new Map<string, CryptoKey>();
  let current: string | undefined;
  for (const entry of text.split(",").map((part) => part.trim()).filter(Boolean)) {
    const [id = "", base64 = ""] = entry.split(":");
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
      throw new Error("An entry does not have the form id:base64.");
    }
    if (keys.has(id)) throw new Error(`Key id "${id}" is there twice.`);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = Uint8Array.fromBase64(base64);
    } catch {
      throw new Error(`Key "${id}" is not base64.`);
    }
    if (bytes.length !== 32) throw new Error(`Key "${id}" has ${bytes.length} bytes, not 32.`);
    keys.set(
      id,
      await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
    );
    current ??= id;
  }
  if (current === undefined) throw new Error("There is no key in it.");
  return { current, keys };
}
