import { join } from "node:path";
import * as z from "zod";
import { parseTarget } from "../../cli/target.ts";
import { type Deployment, type DeployOptions, runCli, type Step } from "../step.ts";

const POSTGRES_MAJOR = "17";

const LINK = "npx -y deno@2.9.5 task supabase link --project-ref <ref>";

const Projects = z.object({
  projects: z.array(z.looseObject({
    ref: z.string(),
    name: z.string(),
    status: z.string(),
    database: z.looseObject({ version: z.string() }),
  })),
});

async function readLinkState(options: DeployOptions, name: string): Promise<string | undefined> {
  try {
    const path = join(options.linked, "supabase", ".temp", name);
    return (await Deno.readTextFile(path)).trim() || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** `--db-url`, or the pooler's address of `supabase link` with the password. */
async function findDatabaseUrl(options: DeployOptions): Promise<string> {
  if (options.databaseUrl !== undefined) {
    return parseTarget(options.databaseUrl, options.databaseCa).url;
  }
  const pooler = await readLinkState(options, "pooler-url");
  if (pooler === undefined) {
    throw new Error(`The address of the database is not known. Link the project again: ${LINK}`);
  }
  const password = options.environment.SUPABASE_DB_PASSWORD;
  if (!password) {
    throw new Error(
      "SUPABASE_DB_PASSWORD is not set. It is the password of the database, chosen when the project " +
        "was created; a new one: dashboard > Database > Settings > Reset database password.",
    );
  }
  const url = new URL(pooler);
  url.password = encodeURIComponent(password);
  return parseTarget(url.href, options.databaseCa).url;
}

type Project = z.infer<typeof Projects>["projects"][number];

/** A healthy project in the CLI's list of projects. @throws {Error} that says what to do */
export function findProject(listed: string, ref: string): Project {
  const project = Projects.parse(JSON.parse(listed)).projects.find((one) => one.ref === ref);
  if (project === undefined) {
    throw new Error(`This login may not use the project ${ref}, or the project was deleted.`);
  }
  if (project.status !== "ACTIVE_HEALTHY") {
    throw new Error(
      `The project is ${project.status}, not ACTIVE_HEALTHY. Wait, or restore it in the dashboard.`,
    );
  }
  const { version } = project.database;
  if (version.split(".")[0] !== POSTGRES_MAJOR) {
    throw new Error(
      `The project has Postgres ${version}; this backend needs 17. Upgrade it: dashboard > Project Settings > Infrastructure.`,
    );
  }
  return project;
}

/** The CLI's list of the projects that the login may use. */
export async function listProjects(deployment: Deployment): Promise<string> {
  return await runCli(deployment, ["projects", "list", "--output-format=json"]);
}

export const checkProject: Step = {
  name: "project",
  does: "Checks the login, the link, the project's health and its Postgres 17.",
  leaves: "It does not create, restart or upgrade a project.",
  async run(deployment) {
    const { options, found } = deployment;
    const ref = await readLinkState(options, "project-ref");
    if (ref === undefined) throw new Error(`No project is linked. Link one: ${LINK}`);
    const databaseUrl = await findDatabaseUrl(options);
    const { name, database } = findProject(await listProjects(deployment), ref);
    found.projectRef = ref;
    found.url = (options.url ?? `https://${ref}.supabase.co`).replace(/\/+$/, "");
    found.databaseUrl = databaseUrl;
    return {
      changed: false,
      lines: [`${name} (${ref}), healthy, Postgres ${database.version}`],
    };
  },
};
