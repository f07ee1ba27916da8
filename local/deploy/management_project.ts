/** The stand-in project, as the Management API describes it. */
export interface ManagementApiOptions {
  /** Folder of the CLI's profile and state. */
  folder: string;
  /** Address of the database that the project has. */
  databaseUrl?: string;
  /** @default {17.6.1.011} */
  postgresVersion?: string;
  /** @default {ACTIVE_HEALTHY} */
  status?: string;
  /** Other projects of the same account, in the list of projects only: their refs, and how they differ. */
  others?: Record<string, Pick<ManagementApiOptions, "postgresVersion" | "status">>;
  /** API keys of the project. @default {a publishable and a secret key} */
  apiKeys?: ApiKey[];
}

export interface ApiKey {
  name: string;
  type: "publishable" | "secret" | "legacy";
  api_key: string;
}

export const DEFAULT_KEYS: ApiKey[] = [
  { name: "default", type: "publishable", api_key: "sb_publishable_standin" },
  { name: "default", type: "secret", api_key: "sb_secret_standin" },
];

export const REF = "abcdefghijklmnopqrst";

export function describeProject(
  options: Pick<ManagementApiOptions, "postgresVersion" | "status">,
  ref = REF,
) {
  const { postgresVersion = "17.6.1.011", status = "ACTIVE_HEALTHY" } = options;
  return {
    id: ref,
    ref,
    organization_id: "organization",
    organization_slug: "organization",
    name: "creatorflow",
    region: "eu-central-1",
    created_at: "2026-11-01T00:00:00Z",
    status,
    database: {
      host: `db.${ref}.supabase.co`,
      version: postgresVersion,
      postgres_engine: postgresVersion.split(".")[0],
      release_channel: "ga",
    },
  };
}

/** Every project of the account. */
export function describeProjects(options: ManagementApiOptions) {
  const others = Object.entries(options.others ?? {});
  return [describeProject(options), ...others.map(([ref, other]) => describeProject(other, ref))];
}

/** The pooler's address has a placeholder in the place of the password, as on the platform. */
export function describePooler(databaseUrl: string) {
  const url = new URL(databaseUrl);
  const login = `${decodeURIComponent(url.username)}:[YOUR-PASSWORD]`;
  return [{
    identifier: REF,
    database_type: "PRIMARY",
    is_using_scram_auth: true,
    db_user: decodeURIComponent(url.username),
    db_host: url.hostname,
    db_port: Number(url.port),
    db_name: url.pathname.slice(1),
    connection_string: `postgresql://${login}@${url.host}${url.pathname}`,
    connectionString: `postgresql://${login}@${url.host}${url.pathname}`,
    default_pool_size: null,
    max_client_conn: null,
    pool_mode: "transaction",
  }];
}

/** The services that the request names, with the state of the project. */
export function describeHealth(
  request: Request,
  { status = "ACTIVE_HEALTHY" }: ManagementApiOptions,
) {
  const services = new URL(request.url).searchParams.getAll("services");
  return services.flatMap((names) => names.split(",")).map((name) => ({
    name,
    healthy: status === "ACTIVE_HEALTHY",
    status,
  }));
}
