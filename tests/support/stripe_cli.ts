/** Runs Stripe's own CLI from npm. */
import { delimiter, join } from "node:path";

const PACKAGE = "@stripe/cli@1.52.0";

export interface CliResult {
  success: boolean;
  /** Its output, for the message of a failed test. */
  output: string;
}

async function runCommand(
  command: string,
  args: string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env"> = {},
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const child = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
  });
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The path of the CLI in npx's cache. npx downloads it if necessary. */
async function locateCli(): Promise<string> {
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  const { success, stdout, stderr } = await runCommand(npx, [
    ...["--yes", `--package=${PACKAGE}`, "--", "node", "-p", "process.env.PATH"],
  ]);
  if (!success) throw new Error(`npx could not get ${PACKAGE}:\n${stderr}`);
  // npx puts the package's folder of commands before all others.
  const [commands = ""] = stdout.trim().split(delimiter);
  return join(commands, "..", "@stripe", "cli", "bin", "shim.js");
}

/** Located once: npx takes five times as long as the CLI itself. */
let located: Promise<string> | undefined;

/** Runs `stripe <args>`, with its settings in `folder` and without telemetry and updates. */
export async function runStripeCli(args: string[], folder: string): Promise<CliResult> {
  located ??= locateCli();
  const config = ["--config", join(folder, "config.toml")];
  const { success, stdout, stderr } = await runCommand("node", [
    ...[await located, ...args, ...config],
  ], {
    cwd: folder,
    env: {
      STRIPE_CLI_TELEMETRY_OPTOUT: "1",
      STRIPE_NO_AUTO_UPDATE: "1",
      STRIPE_CLI_NO_PLUGIN_AUTO_INSTALL: "1",
      XDG_CONFIG_HOME: folder,
      NO_COLOR: "1",
    },
  });
  return { success, output: `${stdout}\n${stderr}` };
}
