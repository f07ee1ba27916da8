/** The variables that npm and the Supabase CLI receive: those that they need, and no secret of the project. */

import { join } from "node:path";

const SETTINGS = {
  DO_NOT_TRACK: "1",
  SUPABASE_TELEMETRY_DISABLED: "1",
  SUPABASE_NO_UPDATE_NOTIFIER: "1",
  NO_COLOR: "1",
};

/** Programs, folders, language and the way to the network. */
const SYSTEM = [
  ...["PATH", "HOME", "TMPDIR", "TMP", "TEMP", "LANG", "LC_ALL", "XDG_CONFIG_HOME"],
  ...["USERPROFILE", "APPDATA", "LOCALAPPDATA", "SystemRoot", "ComSpec", "PATHEXT"],
  ...["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"],
];

/** Login at Supabase, and where the CLI keeps it. */
const ACCOUNT = [
  ...["SUPABASE_ACCESS_TOKEN", "SUPABASE_PROFILE", "SUPABASE_HOME", "SUPABASE_NO_KEYRING"],
  ...["SUPABASE_API_MAX_RETRIES", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"],
];

/** Where Docker is, for `supabase start`. */
const DOCKER = ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH"];

/** Commands that connect to the linked project's database. */
const DATABASE_COMMANDS = ["db", "inspect", "link", "migration"];

/** Commands that send or use the values of config.toml. */
const CONFIG_COMMANDS = ["config", "start"];

export type Environment = Partial<Record<string, string>>;

function pick(from: Environment, isNeeded: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(from).filter((entry): entry is [string, string] =>
      entry[1] !== undefined && isNeeded(entry[0])
    ),
  );
}

/** npm also reads its own settings: registry, cache and the like. */
export function npmEnvironment(from: Environment): Record<string, string> {
  return pick(from, (name) => SYSTEM.includes(name) || /^npm_config_/i.test(name));
}

/** Variables that the config.toml in `workdir` names, as `env(NAME)`. */
async function configVariables(workdir: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(workdir, "supabase", "config.toml")).catch(() => "");
  return [...text.matchAll(/"env\((\w+)\)"/g)].map(([, name = ""]) => name);
}

/** The whole environment of a call of the CLI that uses a database. */
export function databaseCallEnvironment(from: Environment): Record<string, string> {
  return { ...pick(from, isForEveryCall), ...SETTINGS };
}

/** The whole environment of a call of the CLI that uses Supabase's API. */
export async function accountCallEnvironment(
  from: Environment,
  args: string[],
  workdir: string,
): Promise<Record<string, string>> {
  const [command = ""] = args;
  const needed = [
    ...[...ACCOUNT, ...DOCKER],
    ...(CONFIG_COMMANDS.includes(command) ? await configVariables(workdir) : []),
    ...(DATABASE_COMMANDS.includes(command) ? ["SUPABASE_DB_PASSWORD"] : []),
  ];
  return { ...pick(from, (name) => isForEveryCall(name) || needed.includes(name)), ...SETTINGS };
}

/** Also the settings of its JavaScript engine. */
function isForEveryCall(name: string): boolean {
  return SYSTEM.includes(name) || name.startsWith("BUN_JSC_");
}
