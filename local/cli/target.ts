/** The database of a command, and the consent to change it. */
import { askConsent } from "./ask_consent.ts";
import { resolve } from "node:path";
import { isLocalHost, withCheckedTls } from "../postgres/tls.ts";
import { findRunningStack } from "../stack/running_stack.ts";
import { UsageError } from "./command.ts";
import { DATA_HELP, DATA_OPTION } from "./data_folder.ts";

export interface Target {
  /** Address with its password; another machine's has checked TLS unless it says `sslmode=disable`. */
  url: string;
  /** Host name without the brackets of IPv6. */
  host: string;
  isLocal: boolean;
  /** Name for messages, without the password. */
  name: string;
}

/** Options of every command that uses a database. */
export const TARGET_OPTIONS = {
  "db-url": { type: "string" },
  "db-env": { type: "string" },
  "db-ca": { type: "string" },
  ...DATA_OPTION,
} as const;

/** Lines of a command's help. */
export const TARGET_HELP = `${DATA_HELP}
  --db-url URL    another database: postgresql://user:password@host:5432/postgres
  --db-env NAME   the same in the variable NAME, for an address with its password: it is then in no
                  command line, which Deno prints
  --db-ca FILE    certificate of the authority that signs this database's, if it is not a public one;
                  Supabase's are known`;

/** Options of the commands that delete data, or that are meant for local databases. */
export const CONSENT_OPTIONS = {
  yes: { type: "boolean", default: false },
  "not-local": { type: "string" },
} as const;

/** Lines of a command's help. */
export const CONSENT_HELP = `  --yes --not-local HOST
                  consent to change a database on another machine, HOST`;

export interface Consent {
  yes: boolean;
  "not-local"?: string | undefined;
}

/** @throws {UsageError} that does not repeat the text, which may hold a password. */
function parseUrl(text: string, source: string): URL {
  const url = URL.parse(text);
  if (!url || !["postgres:", "postgresql:"].includes(url.protocol) || url.hostname === "") {
    throw new UsageError(
      `${source} takes an address like postgresql://user:password@host:5432/database.`,
    );
  }
  // Some clients prefer these parameters to the host that we check.
  for (const name of ["host", "hostaddr"]) {
    if (url.searchParams.has(name)) {
      throw new UsageError(`${source} may not have "${name}=" in it.`);
    }
  }
  return url;
}

/**
 * The database at `text`.
 * @param ca Path of the certificates of its authority.
 * @param source Option or variable that has the text, for messages.
 * @throws {UsageError} if it is not the address of a Postgres.
 */
export function parseTarget(text: string, ca?: string, source = "--db-url"): Target {
  const url = parseUrl(text, source);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const name = `the database ${url.pathname.slice(1) || "postgres"} at ${url.host}`;
  const checked = withCheckedTls(url, ca === undefined ? undefined : resolve(ca));
  return { url: checked.href, host, isLocal: isLocalHost(url), name };
}

/** Values of `TARGET_OPTIONS`. */
export interface TargetValues {
  "db-url"?: string | undefined;
  "db-env"?: string | undefined;
  "db-ca"?: string | undefined;
  data: string;
}

/** Whether the values name a database themselves. */
export function namesDatabase(values: TargetValues): boolean {
  return values["db-url"] !== undefined || values["db-env"] !== undefined;
}

/** @throws {UsageError} that names the variable, never its value. */
function readAddress(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new UsageError("--db-env takes the name of a variable, such as SUPABASE_DB_URL.");
  }
  const address = Deno.env.get(name);
  if (address) return address;
  throw new UsageError(`${name} is not set. Export it: export ${name}=postgresql://...`);
}

/** `--db-url`, `--db-env`, or the running stack's database. @throws {Error} that says what to do. */
export async function findTarget(values: TargetValues): Promise<Target> {
  const { "db-url": url, "db-env": name, "db-ca": ca } = values;
  if (url !== undefined && name !== undefined) {
    throw new UsageError("--db-url and --db-env both name a database: use one of them.");
  }
  if (url !== undefined) return parseTarget(url, ca);
  if (name !== undefined) return parseTarget(readAddress(name), ca, name);
  const { SUPABASE_DB_URL } = await findRunningStack(resolve(values.data));
  return parseTarget(SUPABASE_DB_URL);
}

/** @throws {Error} unless the database is local or its host was named a second time. */
export function requireConsent({ name, host, isLocal }: Target, consent: Consent): void {
  if (isLocal || (consent.yes && consent["not-local"] === host)) return;
  throw new Error(
    `Refused: ${name} is not on this machine. If you mean it: --yes --not-local ${host}`,
  );
}

/**
 * Confirms an action on the terminal, unless `--yes` confirms it already.
 * @param question Ends with a question mark.
 * @returns Whether to continue. @throws {Error} without a terminal.
 */
export async function confirmAction(question: string, consent: Consent): Promise<boolean> {
  if (consent.yes) return true;
  if (!Deno.stdin.isTerminal()) {
    throw new Error("Refused: no terminal for the confirmation. If you mean it: --yes");
  }
  return await askConsent(question);
}
