/** `deno task ok`: the gate. */
import { command } from "../cli/command.ts";
import { guardProcess } from "../leftovers/guard.ts";

/** They change nothing and need little memory: they run at once. */
const CHECKS = ["fmt", "lint", "check"];

interface TaskResult {
  code: number;
  /** What it printed; empty if it printed into the terminal. */
  output: Blob;
}

/** Runs a task to its end. @param stdio What becomes of its output. */
async function runTask(name: string, stdio: "inherit" | "piped"): Promise<TaskResult> {
  const task = new Deno.Command(Deno.execPath(), {
    args: ["task", name],
    stdout: stdio,
    stderr: stdio,
  }).spawn();
  const release = guardProcess(task.pid, "SIGTERM");
  const printed = stdio === "piped"
    ? await Promise.all([task.stdout.bytes(), task.stderr.bytes()])
    : [];
  const { code } = await task.status;
  await release();
  return { code, output: new Blob(printed) };
}

export default await command(import.meta, {
  name: "ok",
  help: `The gate: formatting, lint and types, at once, then all tests if none of them fails.

  npx -y deno@2.9.5 task ok

Each is a task too: fmt, lint, check and test. .ci/run runs this one.`,
  async run() {
    const results = await Promise.all(CHECKS.map((name) => runTask(name, "piped")));
    for (const { output } of results) {
      await output.stream().pipeTo(Deno.stderr.writable, { preventClose: true });
    }
    const failed = results.find(({ code }) => code !== 0);
    return (failed ?? await runTask("test", "inherit")).code;
  },
});
