/** A folder in which a shell runs the commands of a page, with a stack's `env` file and the tasks of deno.json. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { variables } from "../../local/stack/variables.ts";
import { makeTemporaryFolder } from "../../local/leftovers/temporary_folder.ts";
import { becomeOwner } from "./backup.ts";
import { ROOT } from "./pages.ts";
import { callCommand, type CommandResult } from "./run_command.ts";
import { sampleSize } from "./sample_size.ts";

type Variables = Record<string, string>;

/** The stack that the commands are for, in the folder that its `env` file is in. */
export interface ShellTarget {
  data: string;
  /** Does what `task start` does with these variables. @default {a failure of the test} */
  restart?(given: Variables, port?: number): Promise<void>;
}

export interface PageShell extends AsyncDisposable {
  /** The folder in which the commands run. */
  folder: string;
  /** The shell's only variables. */
  env: Variables;
}

const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));

/** In the gate commands run in the test's process: one of their own takes a second of CPU time. */
const NEEDS_PROCESS = sampleSize({ gate: 0, long: 1 }) === 1;

/** In the place of npx: passes the arguments and the environment on to the test. */
const NPX = `#!/bin/sh
code=$({ printf '%s\\0' "$#" "$@"; env -0; } |
  curl -sS --data-binary @- -o "$SHELL_FOLDER/out.$$" -w '%{http_code}' "$SHELL_URL")
cat "$SHELL_FOLDER/out.$$"
exit $((code - 200))
`;

/** In the place of sleep, in tutorials: waits for what the reader waits for. */
const SLEEP = `#!/bin/sh
curl -sS --fail "$SHELL_URL/sleep"
`;

/** The file of a task in local/commands, without its ending. */
function commandOf(task: string): string {
  const [, file] = /^deno run -A local\/commands\/(\w+)\.ts$/.exec(tasks[task]?.command) ?? [];
  return file ?? assert.fail(`"${task}" is not a task of local/commands`);
}

async function runInProcess(
  file: string,
  args: string[],
  folder: string,
  env: Variables,
): Promise<CommandResult> {
  const names = [...variables.map(([name]) => name), "PGPASSWORD", "NEW_DB_URL"];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  // Test files that are named run at once, in one process with one current folder.
  using lock = await Deno.open(fileURLToPath(new URL("deno.json", ROOT)));
  await lock.lock(true);
  const cwd = Deno.cwd();
  // Not `Deno.chdir`: Playwright, which other tests of the process load, keeps what `process.cwd` returned.
  process.chdir(folder);
  for (const name of names) set(name, env[name]);
  try {
    return await callCommand(file, args);
  } finally {
    for (const [name, value] of before) set(name, value);
    process.chdir(cwd);
  }
}

/** As `deno task` runs it, in a process of its own. */
async function runProcess(
  file: string,
  args: string[],
  folder: string,
  env: Variables,
): Promise<CommandResult> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(new URL(`local/commands/${file}.ts`, ROOT)), ...args],
    cwd: folder,
    clearEnv: true,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    text: decoder.decode(stdout) + decoder.decode(stderr),
  };
}

/** Runs `npx -y deno@2.9.5 task NAME ARGS`. */
async function runTask(
  words: string[],
  env: Variables,
  folder: string,
  target: ShellTarget,
): Promise<CommandResult> {
  const [yes, deno, task, name = "", ...args] = words;
  assert.deepEqual([yes, deno, task], ["-y", "deno@2.9.5", "task"]);
  if (name === "start") {
    assert.ok(target.restart, "this stack cannot be started again");
    const port = args.length === 0 ? undefined : Number(args[args.indexOf("--port") + 1]);
    const known = variables.filter(([variable]) => env[variable] !== undefined);
    await target.restart(
      Object.fromEntries(known.map(([variable]) => [variable, env[variable] ?? ""])),
      port,
    );
    await becomeOwner(target.data);
    return { code: 0, stdout: "", text: "" };
  }
  const file = commandOf(name);
  return await (NEEDS_PROCESS ? runProcess : runInProcess)(file, args, folder, env);
}

async function answerNpx(
  request: Request,
  folder: string,
  target: ShellTarget,
): Promise<Response> {
  const [count = "", ...rest] = (await request.text()).split("\0");
  const pairs = rest.slice(Number(count)).filter((line) => line.includes("="));
  const env = Object.fromEntries(pairs.map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  }));
  try {
    const { code, text } = await runTask(rest.slice(0, Number(count)), env, folder, target);
    return new Response(text, { status: 200 + code });
  } catch (error) {
    return new Response(String((error as Error).stack), { status: 299 });
  }
}

/**
 * @param settle Runs in place of `sleep`. @default {the program `sleep` itself}
 */
export async function openPageShell(
  target: ShellTarget,
  settle?: () => Promise<void>,
): Promise<PageShell> {
  await using own = new AsyncDisposableStack();
  const { path: folder } = own.use(await makeTemporaryFolder("creatorflow-page-"));
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  await Deno.writeTextFile(join(bin, "npx"), NPX, { mode: 0o755 });
  if (settle) await Deno.writeTextFile(join(bin, "sleep"), SLEEP, { mode: 0o755 });
  await Deno.symlink(target.data, join(folder, ".local"));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (request.method === "POST") return await answerNpx(request, folder, target);
      await settle?.();
      return new Response();
    },
  );
  own.defer(() => server.shutdown());
  const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
  const env = {
    ...{ PATH: `${bin}:${PATH}`, HOME, ...(DENO_DIR && { DENO_DIR }) },
    SHELL_FOLDER: folder,
    SHELL_URL: `http://127.0.0.1:${server.addr.port}`,
  };
  const kept = own.move();
  return { folder, env, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
