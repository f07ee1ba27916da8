/** Which database a command is for, and whether it was really meant. */
import { resolve } from "node:path";
import { findRunningStack } from "./running_stack.ts";

export interface Target {
  /** Owner's address; one elsewhere asks for TLS unless it says otherwise. */
  url: string;
  /** Without the brackets of IPv6. */
  host: string;
  isLocal: boolean;
  /** For people: no password. */
  name: string;
}

/** Options of every command that has a database. */
export const TARGET_OPTIONS = {
  "db-url": { type: "string" },
  data: { type: "string", default: ".local" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Options of the commands that destroy, or that are for local databases. */
export const CONSENT_OPTIONS = {
  yes: { type: "boolean", default: false },
  "not-local": { type: "string" },
} as const;

export interface Consent {
  yes: boolean;
  "not-local"?: string | undefined;
}

const LOCAL_HOSTS = ["127.0.0.1", "localhost", "::1"];

/** @throws {Error} that does not repeat the text, which may hold a password. */
function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !["postgres:", "postgresql:"].includes(url.protocol) || url.hostname === "") {
    throw new Error(
      "--db-url takes an address like postgresql://user:password@host:5432/database.",
    );
  }
  // Some clients let them win over the host that we look at.
  for (const name of ["host", "hostaddr"]) {
    if (url.searchParams.has(name)) throw new Error(`--db-url may not have "${name}=" in it.`);
  }
  return url;
}

/** The database at `text`. @throws {Error} for what is no address of a Postgres. */
export function parseTarget(text: string): Target {
  const url = parseUrl(text);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isLocal = LOCAL_HOSTS.includes(host);
  if (!isLocal && !url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "require");
  const name = `the database ${url.pathname.slice(1) || "postgres"} at ${url.host}`;
  return { url: url.href, host, isLocal, name };
}

/** `--db-url`, or the running stack's. @throws {Error} that says what to do. */
export async function findTarget(
  values: { "db-url"?: string | undefined; data: string },
): Promise<Target> {
  if (values["db-url"] !== undefined) return parseTarget(values["db-url"]);
  const { SUPABASE_DB_URL } = await findRunningStack(resolve(values.data));
  return parseTarget(SUPABASE_DB_URL);
}

/** @throws {Error} unless the database is local or was named a second time. */
export function refuseElsewhere({ name, host, isLocal }: Target, consent: Consent): void {
  if (isLocal || (consent.yes && consent["not-local"] === host)) return;
  throw new Error(
    `Refused: ${name} is not on this machine. If you mean it: --yes --not-local ${host}`,
  );
}

/**
 * Asks on the terminal, unless it was said already.
 * @param question Ends with a question mark.
 * @returns Whether to go on. @throws {Error} where nobody can be asked.
 */
export function ask(question: string, consent: Consent): boolean {
  if (consent.yes) return true;
  if (!Deno.stdin.isTerminal()) {
    throw new Error("Refused: there is no terminal to ask on. If you mean it: --yes");
  }
  return confirm(question);
}
