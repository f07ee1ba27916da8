/** Runs Stripe's own CLI through npx: its binaries come as npm packages of their own. */

const PACKAGE = "@stripe/cli@1.52.0";

export interface CliResult {
  success: boolean;
  /** What it said, for a failed test. */
  output: string;
}

/**
 * Runs `stripe <args>` against a server on this machine. It keeps its settings in `folder`, asks nobody
 * for a newer version, and tells Stripe nothing.
 */
export async function runStripeCli(args: string[], folder: string): Promise<CliResult> {
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  const { success, stdout, stderr } = await new Deno.Command(npx, {
    args: ["--yes", PACKAGE, ...args, "--config", `${folder}/config.toml`],
    cwd: folder,
    env: {
      STRIPE_CLI_TELEMETRY_OPTOUT: "1",
      STRIPE_NO_AUTO_UPDATE: "1",
      STRIPE_CLI_NO_PLUGIN_AUTO_INSTALL: "1",
      XDG_CONFIG_HOME: folder,
      NO_COLOR: "1",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { success, output: `${decoder.decode(stdout)}\n${decoder.decode(stderr)}` };
}
