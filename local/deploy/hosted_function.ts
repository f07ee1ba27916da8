/** Starts a bundle as the hosted platform does: its version of Deno, its own files and variables. */
import { dirname, join } from "node:path";
import { followProcess } from "../functions/host_process.ts";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";
import type { Bundle } from "./bundle.ts";
import { hostedDeno } from "./hosted_deno.ts";

export interface HostedFunction extends AsyncDisposable {
  pid: number;
  /** Passes a request on; its path begins with the name of the function. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Everything that the function has logged, when it has ended. */
  readLog(): Promise<string>;
}

/** The upload does not start on the hosted runtime; the message names the function. */
export class HostedStartError extends Error {
  override name = "HostedStartError";
}

export interface HostedStartOptions {
  /**
   * Keeps the upload and what Deno knows of it. Deno parses files that it has not seen before, to find their
   * imports; the platform does so at the deployment. @default {a temporary folder}
   */
  folder?: string;
}

const RUNTIME = new URL("./hosted_runtime.js", import.meta.url);

/** Variables that Deno itself needs. */
function runtimeVariables(): Record<string, string> {
  const entries = ["HOME", "DENO_DIR"].map((name) => [name, Deno.env.get(name) ?? ""] as const);
  return Object.fromEntries([...entries.filter(([, value]) => value !== ""), ["NO_COLOR", "1"]]);
}

async function copyFiles(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
}

/**
 * Starts one function in a folder that has its upload only.
 * @param bundle Its upload is the folder of `path`.
 * @param variables All that it receives.
 * @throws {HostedStartError}
 */
export async function startHostedFunction(
  { name, path }: Pick<Bundle, "name" | "path">,
  variables: Record<string, string>,
  { folder }: HostedStartOptions = {},
): Promise<HostedFunction> {
  const temporary = await makeTemporaryFolder("creatorflow-hosted-");
  const upload = join(folder ?? temporary.path, "upload");
  await copyFiles(dirname(path), upload);
  const logFile = join(temporary.path, "log");
  const permissions = [
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-env",
    `--allow-read=${upload}`,
  ];
  const process = new Deno.Command(await hostedDeno(), {
    args: [
      ...["run", "--quiet", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--no-check"],
      // The platform keeps no compiled code from one worker to the next.
      "--no-code-cache",
      ...permissions,
      RUNTIME.href,
    ],
    cwd: upload,
    clearEnv: true,
    env: {
      ...runtimeVariables(),
      // One of its own: another version of Deno empties this cache.
      ...(folder !== undefined && { DENO_DIR: join(folder, "deno") }),
      ...variables,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const remove = () => temporary[Symbol.asyncDispose]();
  const host = await followProcess(process, { logFile }).catch(async (error: Error) => {
    await remove();
    const reason = error.message.replace(/^The functions did not start: /, "");
    throw new HostedStartError(`${name} does not start on the hosted runtime: ${reason}`);
  });
  return {
    pid: host.pid,
    fetch: (path, init) => fetch(`http://127.0.0.1:${host.port}${path}`, init),
    readLog: () => Deno.readTextFile(logFile),
    async [Symbol.asyncDispose]() {
      await host.stop();
      await remove();
    },
  };
}
