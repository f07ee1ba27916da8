import { readSecrets, REQUIRED } from "../secrets_file.ts";
import type { Step } from "../step.ts";

export const checkSecrets: Step = {
  name: "secrets file",
  does: `Reads the ${REQUIRED.length} secrets; stops if one is missing or has a wrong form.`,
  leaves: "It does not try the keys at TikTok, EasyPost or Stripe.",
  async run({ options, found }) {
    found.secrets = await readSecrets(options.secretsFile, options.environment);
    const names = Object.keys(found.secrets);
    const isTest = /^(sk|rk)_test_/.test(found.secrets.STRIPE_SECRET_KEY ?? "") ||
      found.secrets.EASYPOST_API_KEY?.startsWith("EZTK");
    return {
      changed: false,
      lines: [
        `${names.length} secrets, in a right form`,
        ...(isTest ? ["A key is one of a test mode: no real money or labels there."] : []),
      ],
    };
  },
};
