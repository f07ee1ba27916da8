/** `task stop`: stops the running stack of a data folder. */
import { resolve } from "node:path";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { DATA_HELP, DATA_OPTION, shownPath } from "../cli/data_folder.ts";
import { stopStack } from "../stack/stop_stack.ts";

export default await command(import.meta, {
  name: "stop",
  help:
    `Stops the running stack, in whichever terminal it runs, and waits until it has ended. Data stays.

  npx -y deno@2.9.5 task stop [options]

${DATA_HELP}

Exit code 0: no stack runs from the folder any more.`,
  options: DATA_OPTION,
  interrupted: "Interrupted: the stack goes on stopping.",
  async run({ values }) {
    const data = resolve(values.data);
    const folder = shownPath(data);
    const pid = await stopStack(data, (pid) => {
      print(`Stopping the stack in ${folder}/ (process ${pid}).`);
    });
    if (pid === undefined) return print(`No stack runs from ${folder}/; nothing was stopped.`);
    print(`Stopped. ${folder}/ keeps its data.`);
  },
});
