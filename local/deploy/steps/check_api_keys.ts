import * as z from "zod";
import { type Deployment, findValue, runCli, type Step } from "../step.ts";

const Keys = z.array(z.looseObject({
  name: z.string(),
  type: z.string().nullish(),
  api_key: z.string().nullish(),
}));

/** Functions read the keys with this name. */
const NAME = "default";

/** The secret key in the CLI's list of a project's keys. @throws {Error} that says how to make one */
export function findSecretKey(listed: string): string {
  const keys = Keys.parse(JSON.parse(listed));
  const find = (type: string) =>
    keys.find((key) => key.type === type && key.name === NAME)?.api_key ?? undefined;
  const secretKey = find("secret");
  if (find("publishable") === undefined || !secretKey?.startsWith("sb_secret_")) {
    throw new Error(
      'The project has no publishable and secret key named "default". Create them: dashboard > ' +
        "Project Settings > API Keys > Create new API keys. Legacy keys are not enough.",
    );
  }
  return secretKey;
}

/** The CLI's list of a project's keys. */
export async function listApiKeys(deployment: Deployment): Promise<string> {
  const ref = findValue(deployment, "projectRef");
  return await runCli(deployment, [
    ...["projects", "api-keys", `--remote=${ref}`, "--reveal", "--output=json"],
  ]);
}

export const checkApiKeys: Step = {
  name: "API keys",
  does: "Reads the project's publishable and secret key.",
  leaves: "It creates no key, and does not turn legacy keys off.",
  async run(deployment) {
    deployment.found.secretKey = findSecretKey(await listApiKeys(deployment));
    return { changed: false, lines: [`publishable and secret key "${NAME}"`] };
  },
};
