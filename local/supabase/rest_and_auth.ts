/** Supabase's REST and Auth APIs over one database, by @supabase/lite, in this process. */
import { App, InMemoryEmailDriver } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";

/** Keys that the two APIs check and sign with. */
export interface ApiKeys {
  jwtSecret: string;
  publishableKey?: string;
  secretKey?: string;
}

/** One API over its own small pool of connections. */
export interface ApiApp {
  fetch(request: Request): Promise<Response>;
  /** Makes Auth's schema if it is not there. */
  ensureSystemSchema(): Promise<void>;
  /**
   * Answers a first request: the library prepares itself with it, and where several come first at once
   * their preparations disturb each other.
   */
  warmUp(path: string, body: unknown): Promise<void>;
  /** Forgets which tables and functions there are; the next request reads them anew. */
  reloadSchema(): Promise<void>;
  close(): Promise<void>;
}

const REST_CONNECTIONS = 20;
const AUTH_CONNECTIONS = 5;
const CLOSE_MS = 5000;

/**
 * For arguments of functions the library writes JSON out by itself, and its driver would do so again: a
 * jsonb argument would arrive as a string. PostgREST passes it as it is.
 */
function serializeJson(value: unknown): string {
  if (typeof value === "string") {
    try {
      JSON.parse(value);
      return value;
    } catch {
      // A plain string, for a json column.
    }
  }
  return JSON.stringify(value);
}

/** PostgREST answers numbers, where the library keeps "12.50" as text to show both decimals. */
function parseNumeric(text: string): number | string {
  const digits = text.replace(/[-.]/g, "").length;
  return digits <= 15 ? Number(text) : text;
}

/** PostgREST answers ISO 8601, where Postgres's own form has a blank in it and a short offset. */
function parseTimestamp(text: string): string {
  return text.replace(" ", "T").replace(/([+-]\d{2})$/, "$1:00");
}

const TYPES = {
  json: { to: 114, from: [114], serialize: serializeJson, parse: JSON.parse },
  jsonb: { to: 3802, from: [3802], serialize: serializeJson, parse: JSON.parse },
  numeric: { to: 1700, from: [1700], serialize: String, parse: parseNumeric },
  timestamptz: {
    to: 1184,
    from: [1184],
    serialize: (value: unknown) => value,
    parse: parseTimestamp,
  },
};

function createApp(url: string, max: number, keys: ApiKeys): ApiApp {
  const connection = createPostgresConnection({
    url,
    postgresOptions: { max, onnotice: () => {}, types: TYPES },
  });
  const app = new App({
    connection,
    api: { enabled: true, schemas: ["public"], max_rows: 1000 },
    auth: {
      enabled: true,
      jwt_secret: keys.jwtSecret,
      ...(keys.publishableKey && { publishable_key: keys.publishableKey }),
      ...(keys.secretKey && { secret_key: keys.secretKey }),
      enable_signup: true,
      email: { enable_signup: true, enable_confirmations: false },
    },
    options: {
      server: { disableStudio: true, disableFallback: true, admin: false },
      drivers: { email: new InMemoryEmailDriver() },
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
    async close() {
      // The driver may wait for ever for a connection that Postgres has cut.
      let timer: ReturnType<typeof setTimeout> | undefined;
      const giveUp = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
      await Promise.race([connection.close(), giveUp]);
      clearTimeout(timer);
    },
  };
}

/** @param url A login that owns Auth's tables. */
export function createAuthApp(url: string, keys: ApiKeys): ApiApp {
  return createApp(url, AUTH_CONNECTIONS, keys);
}

/**
 * @param url Of the role `authenticator`, which owns nothing and switches to the caller's role for each
 * request. The library grants everything to the API roles as whoever connects: so it cannot.
 */
export function createRestApp(url: string, keys: ApiKeys): ApiApp {
  const app = createApp(url, REST_CONNECTIONS, keys);
  return { ...app, fetch: (request) => app.fetch(withQuotedIds(request)) };
}

const NOT_FILTERS = new Set(["select", "order", "limit", "offset", "columns", "on_conflict"]);

/**
 * The library reads digits in a filter as a double, also for a text column: TikTok's ids would lose
 * their last digits and match nothing. What is quoted it leaves alone.
 */
export function withQuotedIds(request: Request): Request {
  const url = new URL(request.url);
  const parameters = [...url.searchParams].map(([name, value]) => [
    name,
    NOT_FILTERS.has(name) ? value : value.replace(/(?<=^|[.(,])\d{16,}(?=$|[,)])/g, '"$&"'),
  ]);
  const search = new URLSearchParams(parameters).toString();
  if (search === url.searchParams.toString()) return request;
  url.search = search;
  const { method, headers, body } = request;
  return new Request(url, { method, headers, body });
}
