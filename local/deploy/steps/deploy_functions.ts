import { join } from "node:path";
import * as z from "zod";
import { sha256Hex } from "../../../shared/crypto/digests.ts";
import { readUpload } from "../bundle.ts";
import type { Staged } from "../stage.ts";
import { findValue, runCli, type Step } from "../step.ts";

const Functions = z.object({
  functions: z.array(z.looseObject({
    slug: z.string(),
    status: z.string(),
    version: z.number(),
    verify_jwt: z.boolean().optional(),
  })),
});

type Hosted = z.infer<typeof Functions>["functions"];

/** Digest of the bundle and version on the platform, of each function of the last deployment. */
const Deployed = z.record(z.string(), z.object({ bundle: z.string(), version: z.number() }));

type Deployed = z.infer<typeof Deployed>;

async function readRecord(path: string): Promise<Deployed> {
  try {
    return Deployed.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch {
    // Without a record of this machine, everything is deployed again.
    return {};
  }
}

async function digestBundles({ bundles }: Staged): Promise<Record<string, string>> {
  const entries = bundles.map(async (bundle) =>
    [bundle.name, sha256Hex(JSON.stringify([...await readUpload(bundle)]))] as const
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** @throws {Error} unless every function is active and open to callers without a JWT. */
function checkHosted(names: string[], hosted: Hosted): void {
  for (const name of names) {
    const found = hosted.find(({ slug }) => slug === name);
    if (found?.status !== "ACTIVE") throw new Error(`The platform does not run ${name}.`);
    if (found.verify_jwt !== false) throw new Error(`The platform has verify_jwt on for ${name}.`);
  }
}

export const deployFunctions: Step = {
  name: "functions",
  does: "Uploads the bundles that changed: supabase functions deploy --use-api.",
  leaves: "It deletes no function.",
  async run(deployment) {
    const ref = findValue(deployment, "projectRef");
    const staged = findValue(deployment, "staged");
    const readHosted = async () =>
      Functions.parse(JSON.parse(
        await runCli(deployment, ["functions", "list", `--remote=${ref}`, "--output-format=json"]),
      )).functions;
    const recordPath = join(deployment.options.state, `${ref}.json`);
    const [record, digests, before] = [
      await readRecord(recordPath),
      await digestBundles(staged),
      await readHosted(),
    ];
    const names = Object.keys(digests);
    const isUpToDate = (name: string) => {
      const hosted = before.find(({ slug }) => slug === name);
      return hosted?.verify_jwt === false && hosted.status === "ACTIVE" &&
        record[name]?.bundle === digests[name] && record[name]?.version === hosted.version;
    };
    const changed = names.filter((name) => !isUpToDate(name));
    const extra = before.map(({ slug }) => slug).filter((slug) => !names.includes(slug));
    const notes = extra.length === 0 ? [] : [`left alone: ${extra.join(", ")}`];
    if (changed.length === 0) {
      return { changed: false, lines: [`${names.length} functions are up to date`, ...notes] };
    }
    await runCli(deployment, [
      "functions",
      "deploy",
      ...changed,
      "--use-api",
      `--remote=${ref}`,
      "--yes",
    ], staged.folder);
    const hosted = await readHosted();
    checkHosted(names, hosted);
    const entries = hosted.filter(({ slug }) => names.includes(slug))
      .map(({ slug, version }) => [slug, { bundle: digests[slug], version }]);
    await Deno.writeTextFile(recordPath, JSON.stringify(Object.fromEntries(entries)));
    return { changed: true, lines: [`deployed ${changed.join(", ")}`, ...notes] };
  },
};
