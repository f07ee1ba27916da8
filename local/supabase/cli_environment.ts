/** The variables that npm and the Supabase CLI receive: those that they need, and no secret of the project. */

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

/**
 * The whole environment of the CLI.
 * @param withAccount Whether it calls Supabase's API.
 */
export function cliEnvironment(from: Environment, withAccount: boolean): Record<string, string> {
  return {
    ...pick(from, (name) =>
      SYSTEM.includes(name) || (withAccount && ACCOUNT.includes(name)) ||
      // Settings of its JavaScript engine.
      name.startsWith("BUN_JSC_")),
    ...{ DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1", SUPABASE_NO_UPDATE_NOTIFIER: "1" },
    NO_COLOR: "1",
  };
}
