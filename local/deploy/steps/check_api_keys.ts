import * as z from "zod";
import { findValue, runCli, type Step } from "../step.ts";

const Keys = z.array(z.looseObject({
  name: z.string(),
  type: z.string().nullish(),
  api_key: z.string().nullish(),
}));

/** Functions read the keys with this name. */
const NAME = "default";

export const checkApiKeys: Step = {
  name: "API keys",
  does: "Reads the project's publishable and secret key.",
  leaves: "It creates no key, and does not turn legacy keys off.",
  async run(deployment) {
    const ref = findValue(deployment, "projectRef");
    const output = await runCli(deployment, [
      "projects",
      "api-keys",
      `--remote=${ref}`,
      "--reveal",
      "--output=json",
    ]);
    const keys = Keys.parse(JSON.parse(output));
    const find = (type: string) =>
      keys.find((key) => key.type === type && key.name === NAME)?.api_key ?? undefined;
    const secretKey = find("secret");
    if (find("publishable") === undefined || !secretKey?.startsWith("sb_secret_")) {
      throw new Error(
        'The project has no publishable and secret key named "default". Create them: dashboard > ' +
          "Project Settings > API Keys > Create new API keys. Legacy keys are not enough.",
      );
    }
    deployment.found.secretKey = secretKey;
    return { changed: false, lines: [`publishable and secret key "${NAME}"`] };
  },
};
