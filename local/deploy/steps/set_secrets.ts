import { join } from "node:path";
import * as z from "zod";
import { sha256Hex } from "../../../shared/crypto/digests.ts";
import { writePrivateFile } from "../../stack/private_file.ts";
import { findValue, runCli, type Step } from "../step.ts";

const Digests = z.object({ secrets: z.array(z.object({ name: z.string(), value: z.string() })) });

export const setSecrets: Step = {
  name: "secrets",
  does: "Sets the secrets whose value differs: supabase secrets set.",
  leaves: "It deletes no secret, and prints no value.",
  async run(deployment) {
    const secrets = findValue(deployment, "secrets");
    const remote = `--remote=${findValue(deployment, "projectRef")}`;
    const output = await runCli(deployment, ["secrets", "list", remote, "--output-format=json"]);
    // The platform shows digests only.
    const digests = new Map(
      Digests.parse(JSON.parse(output)).secrets.map(({ name, value }) => [name, value]),
    );
    const extra = [...digests.keys()]
      .filter((name) => !(name in secrets) && !name.startsWith("SUPABASE_"));
    const notes = extra.length === 0 ? [] : [`left alone: ${extra.join(", ")}`];
    const changed = Object.entries(secrets)
      .filter(([name, value]) => digests.get(name) !== sha256Hex(value));
    if (changed.length === 0) {
      return { changed: false, lines: ["every secret is up to date", ...notes] };
    }
    // A file, because other users of this machine can read the arguments of a process.
    const file = join(deployment.options.state, "secrets.env");
    const lines = changed.map(([name, value]) => `${name}='${value}'\n`);
    await writePrivateFile(file, lines.join(""));
    try {
      await runCli(deployment, ["secrets", "set", "--env-file", file, remote, "--yes"]);
    } finally {
      await Deno.remove(file);
    }
    return { changed: true, lines: [`set ${changed.map(([name]) => name).join(", ")}`, ...notes] };
  },
};
