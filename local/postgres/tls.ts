/**
 * TLS of connections to other machines: certificate and host name are always checked. An address says so in
 * libpq's own words, `sslmode=verify-full` and `sslrootcert=FILE`, which the Supabase CLI reads too.
 */
import { fileURLToPath } from "node:url";

const LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"];

/** Hosts of Supabase's databases and poolers, whose certificates Supabase signs itself. */
const SUPABASE_HOST = /\.supabase\.(co|com)$/;

const SUPABASE_CA = fileURLToPath(new URL("./supabase_ca.pem", import.meta.url));

/** Whether the database is on this machine: nothing leaves it. */
export function isLocalHost({ hostname }: URL): boolean {
  return LOCAL_HOSTS.includes(hostname);
}

/**
 * The address with checked TLS: also where it asks for TLS without a check (`sslmode=require`). A local one,
 * and one with `sslmode=disable`, stay as they are, unless an authority is named.
 * @param caFile Absolute path of the certificates of the authorities to trust, in PEM. @default {those of
 * Supabase for its hosts, otherwise the public ones}
 */
export function withCheckedTls(address: URL, caFile?: string): URL {
  const url = new URL(address);
  const { searchParams } = url;
  if (caFile === undefined && isLocalHost(url)) return url;
  if (caFile === undefined && searchParams.get("sslmode") === "disable") return url;
  searchParams.set("sslmode", "verify-full");
  const known = SUPABASE_HOST.test(url.hostname) ? SUPABASE_CA : undefined;
  const file = caFile ?? searchParams.get("sslrootcert") ?? known;
  if (file !== undefined) searchParams.set("sslrootcert", file);
  return url;
}

/** Options of Node's TLS, for the driver. */
export interface DriverTls {
  ca?: string;
  rejectUnauthorized: true;
  /** Name or address in the server's certificate. */
  host: string;
}

/** The address and the TLS options for postgres.js, which would take `sslrootcert` for a setting of the server. */
export async function readDriverTls(address: string): Promise<{ url: string; ssl?: DriverTls }> {
  const url = new URL(address);
  const { searchParams, hostname } = url;
  if (searchParams.get("sslmode") !== "verify-full") return { url: address };
  const file = searchParams.get("sslrootcert");
  for (const name of ["sslmode", "sslrootcert"]) searchParams.delete(name);
  const host = hostname.replace(/^\[|\]$/g, "");
  const ca = file === null || file === "system" ? undefined : await readAuthorities(file);
  return { url: url.href, ssl: { rejectUnauthorized: true, host, ...(ca && { ca }) } };
}

async function readAuthorities(path: string): Promise<string> {
  const text = await Deno.readTextFile(path).catch((cause) => {
    throw new Error(`The file of the authorities, ${path}, cannot be read.`, { cause });
  });
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new Error(`${path} has no certificate in PEM: -----BEGIN CERTIFICATE-----`);
}

/** Codes of Node for a certificate that does not pass the check. */
const CERTIFICATE_ERROR = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT)/;

/** The error, or one that says what to do if a certificate was refused. */
export function explainTlsError(error: unknown): unknown {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (!CERTIFICATE_ERROR.test(code) && !/certificate|altnames/i.test(message)) return error;
  return new Error(
    `The certificate of the database was refused: ${
      message || code
    }. Nothing was sent to it. If its ` +
      "authority is not a public one, name the file of its certificate: --db-ca FILE",
    { cause: error },
  );
}
