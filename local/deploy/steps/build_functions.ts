import { join } from "node:path";
import { stageFunctions } from "../stage.ts";
import type { Step } from "../step.ts";

export const buildFunctions: Step = {
  name: "bundles",
  does: "Bundles each function with its imports into files, together under 1 MB.",
  leaves: "It uploads nothing.",
  async run({ options, found }) {
    const staged = await stageFunctions(join(options.state, "project"));
    found.staged = staged;
    const largest = Math.max(...staged.bundles.map(({ bytes }) => bytes));
    return {
      changed: false,
      lines: [`${staged.bundles.length} bundles, the largest of ${Math.ceil(largest / 1000)} kB`],
    };
  },
};
