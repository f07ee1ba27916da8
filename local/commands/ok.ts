/** `deno task ok`: the gate, one task after the other until one fails. */
import { command } from "../cli/command.ts";
import { guardProcess } from "../leftovers/guard.ts";

const TASKS = ["fmt", "lint", "check", "test"];

/** Runs a task to its end. Returns its exit code. */
async function runTask(name: string): Promise<number> {
  const task = new Deno.Command(Deno.execPath(), { args: ["task", name] }).spawn();
  const release = guardProcess(task.pid, "SIGTERM");
  const { code } = await task.status;
  await release();
  return code;
}

export default await command(import.meta, {
  name: "ok",
  help: `The gate: formatting, lint, types and all tests, in this order, until one fails.

  npx -y deno@2.9.5 task ok

Each is a task too: fmt, lint, check and test. .ci/run runs this one.`,
  async run() {
    for (const name of TASKS) {
      const code = await runTask(name);
      if (code !== 0) return code;
    }
    return 0;
  },
});
