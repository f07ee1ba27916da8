/** `task status`: what runs from a data folder. */
import { resolve } from "node:path";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { DATA_HELP, DATA_OPTION, shownPath, taskLine } from "../cli/data_folder.ts";
import { describeRunning } from "../cli/describe_running.ts";
import { readStackState } from "../stack/running_file.ts";

export default await command(import.meta, {
  name: "status",
  help: `Shows whether a stack runs, its addresses, since when, its version and its health.

  npx -y deno@2.9.5 task status [options]

${DATA_HELP}

Exit code 0: the stack answers. 1: it does not, or none runs from the folder.`,
  options: DATA_OPTION,
  async run({ values }) {
    const data = resolve(values.data);
    const folder = shownPath(data);
    const found = await readStackState(data);
    if (found.state === "running") {
      const { text, answers } = await describeRunning(data, found.running);
      print(text);
      return answers ? 0 : 1;
    }
    if (found.state === "busy") {
      print(`The stack in ${folder}/ is starting or stopping (process ${found.pid}).`);
      return 1;
    }
    const { killed } = found;
    print(`No stack runs from ${folder}/. Start one: ${taskLine("start", data)}`);
    if (killed !== undefined) {
      print(
        `The last one, process ${killed.pid} of ${killed.started_at.slice(0, 19)}Z, was killed. ` +
          "Its data is kept.",
      );
    }
    return 1;
  },
});
