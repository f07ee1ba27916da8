/**
 * Encrypts single secrets for a database column: AES-256-GCM, text form
 * `v1.<key id>.<iv>.<ciphertext and tag>`, base64url. The database checks that form. By WebCrypto: on Deno
 * 2.1 `node:crypto` accepts a wrong tag.
 */
import { fromBase64, toBase64Url } from "./encoding.ts";
import type { DerivedKeys, KeyRing } from "./key_ring.ts";
import { LoggableError } from "../loggable_error.ts";

const IV_BYTES = 12;

/** The text cannot be decrypted: unknown key, changed text, or text of another row or column. */
export class DecryptionError extends LoggableError {
  override name = "DecryptionError";
}

function parameters(iv: Uint8Array<ArrayBuffer>, context: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(context) };
}

/**
 * @param context Owner of the secret, e.g. `tiktok_shops.access_token:<shop id>`: it is bound to
 * the text, so a text that is moved to another row or column does not decrypt.
 */
export async function encrypt(ring: KeyRing, secret: string, context: string): Promise<string> {
  const { encryption } = ring.keys.get(ring.current) as DerivedKeys;
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const plain = new TextEncoder().encode(secret);
  const sealed = await crypto.subtle.encrypt(parameters(iv, context), await encryption, plain);
  return ["v1", ring.current, toBase64Url(iv), toBase64Url(sealed)].join(".");
}

/** @throws {DecryptionError} */
export async function decrypt(ring: KeyRing, text: string, context: string): Promise<string> {
  const [version, keyId = "", iv = "", sealed = "", ...rest] = text.split(".");
  if (version !== "v1" || rest.length > 0) {
    throw new DecryptionError("The text does not have the form of an encrypted secret");
  }
  const key = ring.keys.get(keyId);
  if (key === undefined) {
    throw new DecryptionError(`ENCRYPTION_KEYS has no key "${keyId}"`);
  }
  try {
    const ivBytes = fromBase64(iv);
    const sealedBytes = fromBase64(sealed);
    const plain = await crypto.subtle.decrypt(
      parameters(ivBytes, context),
      await key.encryption,
      sealedBytes,
    );
    return new TextDecoder().decode(plain);
  } catch {
    throw new DecryptionError(
      "The text was changed, belongs to another row or column, or had another key under this id",
    );
  }
}
