/** `task open`: opens the console of a running stack in the browser, signed in as its operator. */
import { resolve } from "node:path";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { DATA_HELP, DATA_OPTION } from "../cli/data_folder.ts";
import { canOpenBrowser, openBrowser } from "../cli/open_browser.ts";
import { makeOperatorLink } from "../stack/operator_link.ts";
import { findRunningStack } from "../stack/running_stack.ts";

export default await command(import.meta, {
  name: "open",
  help: `Opens the console of the running stack in the browser, signed in as its operator.

  npx -y deno@2.9.5 task open [options]

${DATA_HELP}
  --print         print the link, and open nothing

The link works once, within five minutes. Where no browser can be opened, it is printed.`,
  options: { ...DATA_OPTION, print: { type: "boolean", default: false } },
  async run({ values }) {
    const env = await findRunningStack(resolve(values.data));
    const link = await makeOperatorLink(env);
    if (values.print) return print(link);
    if (canOpenBrowser() && await openBrowser(link)) {
      return print(`Opened ${env.SUPABASE_URL}/ in the browser, as its operator.`);
    }
    print(`No browser can be opened here. Open this link; it works once, within five minutes:\n`);
    print(`  ${link}`);
  },
});
