/** The signature of a backup: by it a restore knows that the file is unchanged. */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import type { DerivedKeys, KeyRing } from "../../shared/crypto/key_ring.ts";
import { BackupFileError } from "./format.ts";

/** Key of a ring by which a backup is signed. */
export interface SigningKey {
  id: string;
  /** Tells keys of the same id apart, without giving the key away. */
  check: string;
}

/** Another key than those of the blind indexes, from the same entry of `ENCRYPTION_KEYS`. */
function secretOf({ index }: DerivedKeys): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", index, "", "creatorflow backup", 32));
}

function describeKey(ring: KeyRing, id: string): SigningKey {
  const secret = secretOf(ring.keys.get(id) as DerivedKeys);
  const check = createHmac("sha256", secret).update("which key").digest("hex").slice(0, 32);
  return { id, check };
}

/** The key for new backups: the first of the ring. */
export function currentSigningKey(ring: KeyRing): SigningKey {
  return describeKey(ring, ring.current);
}

/** Signs or checks the text of a backup as it passes. */
export class Signature {
  readonly #hmac;

  /** @param id Key of the ring. */
  constructor(ring: KeyRing, id: string) {
    this.#hmac = createHmac("sha256", secretOf(ring.keys.get(id) as DerivedKeys));
  }

  add(bytes: Uint8Array | string): void {
    this.#hmac.update(bytes);
  }

  /** In hexadecimal. Call it once, after the last byte. */
  finish(): string {
    return this.#hmac.digest("hex");
  }

  /** Whether the text that was added has this signature; takes the same time for every answer. */
  matches(signature: string): boolean {
    const [found, expected] = [Buffer.from(signature, "hex"), Buffer.from(this.finish(), "hex")];
    return found.length === expected.length && timingSafeEqual(found, expected);
  }
}

/** @throws {BackupFileError} if the backup was signed by a key that is not in the ring. */
export function requireSigningKey(ring: KeyRing, { id, check }: SigningKey, path: string): void {
  if (ring.keys.has(id) && describeKey(ring, id).check === check) return;
  const reason = ring.keys.has(id)
    ? `another key than the "${id}" of ENCRYPTION_KEYS`
    : `the key "${id}", which ENCRYPTION_KEYS lacks`;
  throw new BackupFileError(
    `${path} was signed with ${reason}. Restore it with the ENCRYPTION_KEYS of the database that was ` +
      "backed up: without them its tokens could not be decrypted either.",
  );
}
