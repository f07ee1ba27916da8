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

  --data DIR      data folder of the stack             (.local)`,
  options: DATA_OPTION,
  async run({ values }) {
    const data = resolve(values.data);
    const shown = shownPath(data);
    if (!await hasData(data)) {
      return print(`${shown}/ does not hold the data of a stack; nothing was deleted.`);
    }
    const { keptPostgres } = await deleteData(data);
    if (keptPostgres) print("Its Postgres was your own (SUPABASE_DB_URL) and stays as it is.");
    print(`Deleted the stack in ${shown}/. The next start makes a new one.`);
  },
});
