/** `deno task probe`: checks that a deployed backend receives what its callers send. */
import { command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { describeProbes, runProbes } from "../deploy/probe.ts";
import { probeSchedule } from "../deploy/probe_schedule.ts";
import { readSecrets } from "../deploy/secrets_file.ts";
import { parseTarget } from "../cli/target.ts";
import { withConnection } from "../postgres/connection.ts";

const RECENT_MS = 5 * 60_000;

export default await command(import.meta, {
  name: "probe",
  help:
    `Checks that a deployed backend receives what its callers send. Changes nothing. Fails if a probe fails.

  npx -y deno@2.9.5 task probe --url URL [options]

  --url URL        address of the project: https://<ref>.supabase.co
  --secrets FILE   secrets of the project                                (secrets.env)
  --db-url URL     also check the scheduler's runs of the last 5 minutes
  --db-ca FILE     certificate of the database's authority               (Supabase's are known)
  --help`,
  options: {
    url: { type: "string" },
    secrets: { type: "string", default: "secrets.env" },
    "db-url": { type: "string" },
    "db-ca": { type: "string" },
  },
  async run({ values }) {
    if (!values.url || !URL.canParse(values.url)) {
      throw new UsageError("--url takes the address of the project: https://<ref>.supabase.co");
    }
    const secrets = await readSecrets(values.secrets, Deno.env.toObject());
    const results = await runProbes(values.url, secrets);
    if (values["db-url"] !== undefined) {
      const since = new Date(Date.now() - RECENT_MS);
      results.push(
        ...await withConnection(
          parseTarget(values["db-url"], values["db-ca"]).url,
          (sql) => probeSchedule(sql, since),
        ),
      );
    }
    print(describeProbes(results).join("\n"));
    const failed = results.filter(({ passed }) => !passed).length;
    print(failed === 0 ? "Every probe passed." : `${failed} of ${results.length} probes failed.`);
    return failed === 0 ? 0 : 1;
  },
});
