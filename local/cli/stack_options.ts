/** The options of `task start`. */
import { resolve } from "node:path";
import type { StackOptions } from "../stack/settings.ts";
import { parseOptions, UsageError } from "./command.ts";
import { DATA_OPTION } from "./data_folder.ts";

export interface StartOptions extends StackOptions {
  /** Whether the command ends when the stack answers, and the stack goes on. */
  detach: boolean;
  /** Whether requests and failures are not shown. */
  quiet: boolean;
  /** The whole command line, for the process that goes on. */
  args: string[];
  /** File of settings that has to exist. @default {.env.local, if it exists} */
  envFile?: string;
}

/** @throws {UsageError} */
export function parsePort(name: string, value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65535) {
    throw new UsageError(`${name} takes a port number (0 to 65535), not "${value}".`);
  }
  return port;
}

/** @throws {UsageError} */
function parseHostName(name: string, value: string): string {
  const url = URL.parse(`http://${value}`);
  if (url !== null && url.hostname === value.toLowerCase()) return url.hostname;
  throw new UsageError(`${name} takes a host name without a port, not "${value}".`);
}

/** Returns undefined if the arguments ask for help. @throws {UsageError} */
export function parseStartOptions(args: string[]): StartOptions | undefined {
  const parsed = parseOptions({
    port: { type: "string", default: "54321" },
    "db-port": { type: "string", default: "54322" },
    "no-confirm": { type: "boolean", default: false },
    "allow-host": { type: "string", multiple: true, default: [] },
    variables: { type: "string" },
    detach: { type: "boolean", short: "d", default: false },
    quiet: { type: "boolean", short: "q", default: false },
    ...DATA_OPTION,
  }, args);
  if (parsed === undefined) return undefined;
  const { values, positionals: [extra] } = parsed;
  if (extra !== undefined) throw new UsageError(`"${extra}" is not understood. Try --help.`);
  const port = parsePort("--port", values.port);
  const dbPort = parsePort("--db-port", values["db-port"]);
  if (port !== 0 && port === dbPort) throw new UsageError("--port and --db-port must differ.");
  return {
    port,
    dbPort,
    data: resolve(values.data),
    confirmEmail: !values["no-confirm"],
    allowedHosts: values["allow-host"].map((host) => parseHostName("--allow-host", host)),
    detach: values.detach,
    quiet: values.quiet,
    args,
    ...(values.variables !== undefined && { envFile: resolve(values.variables) }),
  };
}
