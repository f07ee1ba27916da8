/** Supabase's REST and Auth APIs over one database, by @supabase/lite, in this process. */
import { App, type EmailDriver, InMemoryEmailDriver } from "@supabase/lite";
import type { AuthConfig } from "./auth_config.ts";
import { LiteConnection, type SchemaCache } from "./lite_connection.ts";
import { refuseQuery, rewordRefusal } from "./query_refusals.ts";
import { withQuotedIds } from "./quoted_ids.ts";
import { applyRoleSettings } from "./role_settings.ts";

/** Keys with which the two APIs check and sign. */
export interface ApiKeys {
  jwtSecret: string;
  publishableKey?: string;
  secretKey?: string;
}

/** Settings of Auth that only its requests need. */
export interface AuthSettings {
  config: AuthConfig;
  siteUrl: string;
  mails: EmailDriver;
}

/** One API over its own small pool of connections. */
export interface ApiApp {
  fetch(request: Request): Promise<Response>;
  /** Makes Auth's schema if it does not exist. */
  ensureSystemSchema(): Promise<void>;
  /** Makes a first request: it prepares the library, and several first requests disturb each other. */
  warmUp(path: string, body: unknown): Promise<void>;
  /** Drops the cached tables and functions; the next request reads them again. */
  reloadSchema(): Promise<void>;
  close(): Promise<void>;
}

/** As PostgREST has by default. Each prepares its own plans and caches. */
const REST_CONNECTIONS = 10;
const AUTH_CONNECTIONS = 5;

interface AppSettings {
  url: string;
  /** Number of connections. */
  max: number;
  keys: ApiKeys;
  schemaCache: SchemaCache | undefined;
}

function createApp(
  { url, max, keys, schemaCache }: AppSettings,
  settings?: AuthSettings,
): ApiApp {
  const connection = new LiteConnection(url, max, schemaCache);
  applyRoleSettings(connection);
  const app = new App({
    connection,
    // As on Supabase, where the extension safeupdate refuses an UPDATE or DELETE of all rows.
    api: { enabled: true, schemas: ["public"], max_rows: 1000, pg_safe_update: true },
    auth: {
      enabled: true,
      jwt_secret: keys.jwtSecret,
      ...(keys.publishableKey && { publishable_key: keys.publishableKey }),
      ...(keys.secretKey && { secret_key: keys.secretKey }),
      ...(settings && { ...settings.config, site_url: settings.siteUrl }),
    },
    options: {
      server: { disableStudio: true, disableFallback: true, admin: false },
      drivers: { email: settings?.mails ?? new InMemoryEmailDriver() },
    },
  });
  return {
    // No peer address is passed: admin mode is off, and this keeps it so.
    fetch: (request) => app.fetch(request, { peerAddress: null }),
    ensureSystemSchema: () => app.ensureSystemSchema(),
    async warmUp(path, body) {
      const request = new Request(`http://127.0.0.1${path}`, {
        method: "POST",
        headers: { apikey: keys.secretKey ?? "", "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      await (await app.fetch(request, { peerAddress: null })).body?.cancel();
    },
    reloadSchema: () => connection.clearSchemaCache(),
    close: () => connection.close(),
  };
}

/** @param url A login that owns Auth's tables. */
export function createAuthApp(
  url: string,
  keys: ApiKeys,
  settings?: AuthSettings,
  schemaCache?: SchemaCache,
): ApiApp {
  return createApp({ url, max: AUTH_CONNECTIONS, keys, schemaCache }, settings);
}

/**
 * @param url A login of the role `authenticator`, which switches to the caller's role for each request. It
 * owns nothing, so the library cannot grant everything to the API roles.
 */
export function createRestApp(url: string, keys: ApiKeys, schemaCache?: SchemaCache): ApiApp {
  const app = createApp({ url, max: REST_CONNECTIONS, keys, schemaCache });
  return {
    ...app,
    fetch: async (request) =>
      refuseQuery(request) ?? await rewordRefusal(await app.fetch(withQuotedIds(request))),
  };
}
