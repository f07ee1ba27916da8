import * as z from "zod";
import { readSecretKeyName } from "../../../shared/config.ts";
import { type Deployment, findValue, runCli, type Step } from "../step.ts";

const Keys = z.array(z.looseObject({
  name: z.string(),
  type: z.string().nullish(),
  api_key: z.string().nullish(),
}));

const PAGE = "dashboard > Project Settings > API Keys";

/**
 * The secret key in the CLI's list of a project's keys.
 * @param name Value of SECRET_KEY_NAME.
 * @throws {Error} that says how to make one
 */
export function findSecretKey(listed: string, name: string): string {
  const keys = Keys.parse(JSON.parse(listed));
  const find = (type: string, name: string) =>
    keys.find((key) => key.type === type && key.name === name)?.api_key ?? undefined;
  if (find("publishable", "default") === undefined) {
    throw new Error(
      `The project has no publishable key named "default". Create one: ${PAGE} > Create new API ` +
        "keys. Legacy keys are not enough.",
    );
  }
  const secretKey = find("secret", name);
  if (!secretKey?.startsWith("sb_secret_")) {
    throw new Error(
      `The project has no secret key named "${name}". Create one: ${PAGE}; or set SECRET_KEY_NAME ` +
        "to the name of another. Legacy keys are not enough.",
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
    const { SECRET_KEY_NAME } = findValue(deployment, "secrets");
    const name = readSecretKeyName(() => SECRET_KEY_NAME);
    deployment.found.secretKey = findSecretKey(await listApiKeys(deployment), name);
    return { changed: false, lines: [`publishable key "default", secret key "${name}"`] };
  },
};
