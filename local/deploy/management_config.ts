/** The configuration of the stand-in project: what `supabase config push` reads and changes. */
import { sha256Hex } from "../../shared/crypto/digests.ts";
import authDefaults from "./auth_config.json" with { type: "json" };
import { ApiError } from "./api_error.ts";

export type Config = Record<string, unknown>;

/** Data API of a new project. */
const API_DEFAULTS: Config = {
  db_schema: "public, graphql_public",
  db_extra_search_path: "public, extensions",
  max_rows: 1000,
  db_pool: null,
  db_pool_acquisition_timeout: 10,
  db_pool_max_lifetime: 1800,
  db_pool_max_idletime: 30,
};

const SECRETS = /_(pass|secret|secrets|auth_token|access_key)$/;

/** The platform shows a keyed digest of a secret. */
function withoutSecrets(config: Config): Config {
  const entries = Object.entries(config).map(([name, value]) =>
    typeof value === "string" && SECRETS.test(name) ? [name, sha256Hex(value)] : [name, value]
  );
  return Object.fromEntries(entries);
}

/** @throws {ApiError} for a field that the platform does not have. */
function merge(config: Config, changes: Config): void {
  const unknown = Object.keys(changes).filter((name) => !(name in config));
  if (unknown.length > 0) throw new ApiError(400, `Unknown fields: ${unknown.join(", ")}`);
  Object.assign(config, changes);
}

export class HostedConfig {
  readonly auth: Config = { ...authDefaults };
  readonly api: Config = { ...API_DEFAULTS };

  /** The answer to `GET /v2/projects/<ref>/config`, with the parts that the stand-in has. */
  describe(ref: string) {
    const attributes = { api: this.api, auth: withoutSecrets(this.auth) };
    return { data: { type: "project_config", id: ref, attributes } };
  }

  updateAuth(changes: Config): Config {
    merge(this.auth, changes);
    return withoutSecrets(this.auth);
  }

  updateApi(changes: Config): Config {
    merge(this.api, changes);
    return this.api;
  }
}
