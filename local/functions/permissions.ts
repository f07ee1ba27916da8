/** What the process of the functions may do: read its code, call the hosts of its variables, and listen. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { variables } from "../stack/variables.ts";
import type { FunctionConfig } from "./config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Code that functions import, next to that in their own folders. */
const CODE = ["shared", "node_modules", "local/functions"].map((path) => join(ROOT, path));

/** Variables that functions may look for: one that is not set is missing, and not forbidden. */
const READ = [...variables.map(([name, { functionName = name }]) => functionName), "OTEL_DENO"];

/** Variables with the address of a service that functions call; browsers open the other addresses. */
const CALLED = READ.filter((name) => /^SUPABASE_URL$|_(API|AUTH)_URL$/.test(name));

/** `host:port` of an address. A wrong one gives nothing: the function that reads it names the variable. */
function hostOf(address: string | undefined): string[] {
  const url = URL.parse(address ?? "");
  if (url === null || url.hostname === "") return [];
  return [`${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`];
}

/** The free port of host.ts. */
const LISTEN = "127.0.0.1:0";

/** A comma in a path is doubled. */
function allow(permission: string, values: string[]): string {
  const list = [...new Set(values)].map((value) => value.replaceAll(",", ",,")).join(",");
  return `--allow-${permission}=${list}`;
}

/**
 * Permissions as options of `deno run`.
 * @param env All variables that the functions receive.
 */
export function permissionOptions(
  functions: FunctionConfig[],
  env: Record<string, string>,
): string[] {
  const folders = functions.map(({ entrypoint }) => dirname(fileURLToPath(entrypoint)));
  const hosts = CALLED.flatMap((name) => hostOf(env[name]));
  return [
    ...["--no-prompt", "--no-remote"],
    allow("read", [...folders, ...CODE]),
    allow("net", [LISTEN, ...hosts]),
    allow("env", [...READ, ...Object.keys(env)]),
  ];
}
