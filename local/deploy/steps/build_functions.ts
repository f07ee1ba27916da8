import { join } from "node:path";
import { checkBundle } from "../check_upload.ts";
import { stageFunctions } from "../stage.ts";
import type { Step } from "../step.ts";

export const buildFunctions: Step = {
  name: "bundles",
  does: "Bundles each function with its imports into one file under 1 MB.",
  leaves: "It uploads nothing.",
  async run({ options, found }) {
    const staged = await stageFunctions(join(options.state, "project"));
    const errors: string[] = [];
    for (const { name, bundle, verifyJwt } of staged.functions) {
      errors.push(...await checkBundle({ name, path: bundle.path, verifyJwt }));
    }
    if (errors.length > 0) throw new Error(errors.join("\n"));
    found.staged = staged;
    const largest = Math.max(...staged.functions.map(({ bundle }) => bundle.bytes));
    return {
      changed: false,
      lines: [`${staged.functions.length} bundles, the largest of ${Math.ceil(largest / 1000)} kB`],
    };
  },
};
