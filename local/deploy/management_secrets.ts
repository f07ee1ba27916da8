/** The secrets of the stand-in project, with the platform's limits. */
import { sha256Hex } from "../../shared/crypto/digests.ts";
import { ApiError } from "./api_error.ts";

const MAX_SECRETS = 100;
const MAX_BYTES = 48 * 1024;

function checkSecret(name: unknown, value: unknown): [string, string] {
  if (typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new ApiError(400, "The name of a secret has letters, digits and underscores.");
  }
  if (name.startsWith("SUPABASE_")) {
    throw new ApiError(400, `The name of a secret may not begin with SUPABASE_: ${name}`);
  }
  if (typeof value !== "string" || new TextEncoder().encode(value).length > MAX_BYTES) {
    throw new ApiError(400, `A secret has at most 48 KiB: ${name}`);
  }
  return [name, value];
}

export class HostedSecrets {
  readonly values = new Map<string, string>();

  /** The platform shows the digest of a value, never the value. */
  list(): { name: string; value: string }[] {
    return [...this.values].map(([name, value]) => ({ name, value: sha256Hex(value) }));
  }

  /** Sets all or none. @throws {ApiError} */
  set(secrets: { name: unknown; value: unknown }[]): void {
    const checked = secrets.map(({ name, value }) => checkSecret(name, value));
    const names = new Set([...this.values.keys(), ...checked.map(([name]) => name)]);
    if (names.size > MAX_SECRETS) throw new ApiError(400, `A project has at most 100 secrets.`);
    for (const [name, value] of checked) this.values.set(name, value);
  }
}
