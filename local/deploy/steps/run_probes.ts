import { describeProbes, runProbes } from "../probe.ts";
import { findValue, type Step } from "../step.ts";

export const probeFunctions: Step = {
  name: "probes",
  does: "Sends each function a request, and checks that our code answers it.",
  leaves: "It stores no event and calls no vendor.",
  async run(deployment) {
    const results = await runProbes(
      findValue(deployment, "url"),
      findValue(deployment, "secrets"),
    );
    const failed = results.filter(({ passed }) => !passed);
    if (failed.length > 0) throw new Error(describeProbes(failed).join("\n"));
    return { changed: false, lines: [`${results.length} probes passed`] };
  },
};
