/** `deno task reset`: deletes the data of the local stack. */
import { resolve } from "node:path";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { DATA_OPTION, shownPath } from "../cli/data_folder.ts";
import { deleteData, hasData } from "../stack/delete_data.ts";

export default await command(import.meta, {
  name: "reset",
  help: `Deletes the database, keys and logs of the local stack. Stop the stack first.

  npx -y deno@2.9.5 task reset [options]

  --data DIR      data folder of the stack             (.local)

Exit code 1: a folder that --data names does not hold the data of a stack.`,
  // Without a default: a folder that was named has to hold data.
  options: { data: { type: "string" } },
  async run({ values }) {
    const data = resolve(values.data ?? DATA_OPTION.data.default);
    const shown = shownPath(data);
    if (!await hasData(data)) {
      print(`${shown}/ does not hold the data of a stack; nothing was deleted.`);
      return values.data === undefined ? 0 : 1;
    }
    const used = await deleteData(data);
    if (used === "outside") {
      print("Its Postgres was your own (SUPABASE_DB_URL) and stays as it is.");
    }
    if (used === "none") print("It had made no Postgres of its own yet.");
    print(`Deleted the stack in ${shown}/. The next start makes a new one.`);
    return 0;
  },
});
