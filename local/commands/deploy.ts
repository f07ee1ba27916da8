/** `deno task deploy`: from a linked Supabase project to a running backend. */
import { resolve } from "node:path";
import { command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { checkDeployment } from "../deploy/check.ts";
import { deploy, describeSteps } from "../deploy/deploy.ts";

export default await command(import.meta, {
  name: "deploy",
  help: `Deploys the backend to the linked Supabase project. Safe to run again. See docs/deploy.md.

  npx -y deno@2.9.5 task deploy [options]

  --dry-run        print the steps, and run none
  --check          check all that needs no account: the real CLI deploys to a stand-in
  --secrets FILE   secrets of the project, NAME=value                    (secrets.env)
  --url URL        address of the project       (https://<ref>.supabase.co)
  --db-url URL     address of the database      (the pooler of "supabase link")
  --db-ca FILE     certificate of the database's authority               (Supabase's are known)
  --workdir DIR    folder in which "supabase link" was run               (.)
  --state DIR      bundles, and the record of what was deployed          (.local/deploy)
  --help

Variables: SUPABASE_DB_PASSWORD, the password of the database; SUPABASE_ACCESS_TOKEN instead of
"supabase login"; a secret that the file lacks is read from the environment.`,
  options: {
    "dry-run": { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    secrets: { type: "string", default: "secrets.env" },
    url: { type: "string" },
    "db-url": { type: "string" },
    "db-ca": { type: "string" },
    workdir: { type: "string", default: "." },
    state: { type: "string", default: ".local/deploy" },
  },
  async run({ values }) {
    if (values["dry-run"] && values.check) {
      throw new UsageError("--dry-run and --check exclude each other.");
    }
    if (values["dry-run"]) return print(describeSteps().join("\n"));
    if (values.check) return print((await checkDeployment()).join("\n"));
    await deploy({
      linked: resolve(values.workdir),
      state: resolve(values.state),
      secretsFile: resolve(values.secrets),
      url: values.url,
      databaseUrl: values["db-url"],
      databaseCa: values["db-ca"],
      environment: Deno.env.toObject(),
    }, print);
  },
});
