/** The options of `deno task start` and of the commands that find its stack again. */
import { parseArgs } from "node:util";
import { relative, resolve } from "node:path";

export interface StackOptions {
  /** The one public port; 0 picks a free one. */
  port: number;
  /** Postgres's port; 0 picks a free one. */
  dbPort: number;
  /** Absolute. */
  data: string;
}

/** The command line cannot be understood; the message says how it should be. */
export class UsageError extends Error {
  override name = "UsageError";
}

function portNumber(name: string, value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65535) {
    throw new UsageError(`${name} takes a port number (0 to 65535), not "${value}".`);
  }
  return port;
}

/** Parses strictly; `undefined` when help was asked for. @throws {UsageError} */
export function parseOptions(args: string[]): StackOptions | undefined {
  let values: { port: string; "db-port": string; data: string; help: boolean };
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: "string", default: "54321" },
        "db-port": { type: "string", default: "54322" },
        data: { type: "string", default: ".local" },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message} Try --help.`);
  }
  if (values.help) return undefined;
  const [port, dbPort] = [
    portNumber("--port", values.port),
    portNumber("--db-port", values["db-port"]),
  ];
  if (port !== 0 && port === dbPort) throw new UsageError("--port and --db-port must differ.");
  return { port, dbPort, data: resolve(values.data) };
}

/** A folder as a person would type it: relative where that is shorter to read. */
export function shownPath(path: string): string {
  const shown = relative(Deno.cwd(), path) || ".";
  return shown.startsWith("..") ? path : shown;
}
