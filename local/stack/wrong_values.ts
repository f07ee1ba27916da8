/** Values of variables that their readers in shared/config.ts refuse. */
import * as config from "../../shared/config.ts";
import { type GivenVariables, variables } from "./variables.ts";

/** Readers of the variables that the platform does not set. */
const READERS = [
  config.readSecretKeyName,
  config.readTikTokConfig,
  config.readTikTokCountryParameters,
  config.readTikTokAuthorizeConfig,
  config.readEasyPostConfig,
  config.readEasyPostWebhookSecret,
  config.readStripeConfig,
  config.readStripeWebhookSecrets,
  config.readAppUrl,
  config.readEncryptionKeys,
];

/** Variables that functions read and that the platform does not set. */
export const OWN_VARIABLES = variables.filter(([name, { concerns }]) =>
  concerns !== undefined && !name.startsWith("SUPABASE_")
);

/** A value of each variable that its reader accepts: the local stack's own. */
async function acceptedValues(): Promise<Map<string, string>> {
  const addresses = { url: "http://127.0.0.1", databaseUrl: "" };
  const entries = OWN_VARIABLES.map(async ([name, row]) =>
    [name, row.maker === "key" ? await row.generate() : row.value(addresses, {})] as const
  );
  return new Map(await Promise.all(entries));
}

/** Reasons by name. A reader stops at its first wrong variable: it continues with an accepted value there. */
export async function findWrongValues(given: GivenVariables): Promise<Map<string, string>> {
  const accepted = await acceptedValues();
  const reasons = new Map<string, string>();
  for (const read of READERS) {
    const replaced = new Set<string>();
    for (let isDone = false; !isDone;) {
      try {
        read((name) => replaced.has(name) || !given[name] ? accepted.get(name) : given[name]);
        isDone = true;
      } catch (error) {
        const { message } = error as Error;
        const name = /^[A-Z_]+/.exec(message)?.[0] ?? "";
        reasons.set(name, message);
        isDone = replaced.has(name);
        replaced.add(name);
      }
    }
  }
  return reasons;
}
