/** Runs Stripe's own CLI from npm. */
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { npx } from "../../local/npm/npx.ts";

const PACKAGE = "@stripe/cli@1.52.0";

export interface CliResult {
  success: boolean;
  /** Its output, for the message of a failed test. */
  output: string;
}

/** The CLI of this platform in npx's cache, without the package's launcher. npx downloads it if necessary. */
async function locateCli(): Promise<string> {
  const command = ["node", "-p", "process.env.PATH"];
  // npx puts the package's folder of commands before all others.
  const [commands = ""] = (await npx({ package: PACKAGE, command, cwd: "." })).split(delimiter);
  const require = createRequire(join(commands, "..", "@stripe", "cli", "package.json"));
  const { pkg, bin } = require("./platforms.json")[`${process.platform}-${process.arch}`];
  return join(dirname(require.resolve(`${pkg}/package.json`)), "bin", bin);
}

/** Located once: npx takes five times as long as the CLI itself. */
let located: Promise<string> | undefined;

/** Runs `stripe <args>`, with its settings in `folder` and without telemetry and updates. */
export async function runStripeCli(args: string[], folder: string): Promise<CliResult> {
  located ??= locateCli();
  const config = ["--config", join(folder, "config.toml")];
  const child = new Deno.Command(await located, {
    args: [...args, ...config],
    cwd: folder,
    stdin: "null",
    env: {
      // It lives for a moment: nothing is worth freeing, and more threads would only be started.
      GOGC: "off",
      GOMAXPROCS: "1",
      // As the launcher sets it.
      STRIPE_INSTALL_METHOD: "npx",
      STRIPE_CLI_TELEMETRY_OPTOUT: "1",
      STRIPE_NO_AUTO_UPDATE: "1",
      STRIPE_CLI_NO_PLUGIN_AUTO_INSTALL: "1",
      XDG_CONFIG_HOME: folder,
      NO_COLOR: "1",
    },
  });
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { success, output: `${decoder.decode(stdout)}\n${decoder.decode(stderr)}` };
}
