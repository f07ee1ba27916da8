import { join } from "node:path";
import { kilobytes } from "../kilobytes.ts";
import { stageFunctions } from "../stage.ts";
import type { Step } from "../step.ts";

export const buildFunctions: Step = {
  name: "bundles",
  does:
    "Bundles each function into several files, together under 1 MB; a start reads only some of them.",
  leaves: "It uploads nothing.",
  async run({ options, found }) {
    const staged = await stageFunctions(join(options.state, "project"));
    found.staged = staged;
    const largest = Math.max(...staged.bundles.map(({ bytes }) => bytes));
    return {
      changed: false,
      lines: [`${staged.bundles.length} bundles, the largest of ${kilobytes(largest)}`],
    };
  },
};
