/** A stand-in for the Supabase Management API: what CLI 3.x calls to link and to deploy a project. */
import { join } from "node:path";
import { ApiError } from "./api_error.ts";
import { type HostedFunction, HostedFunctions } from "./management_functions.ts";
import { HostedSecrets } from "./management_secrets.ts";

export interface ManagementApiOptions {
  /** Folder of the CLI's profile and state. */
  folder: string;
  /** Address of the database that the project has. */
  databaseUrl?: string;
  /** @default {17.6.1.011} */
  postgresVersion?: string;
  /** @default {ACTIVE_HEALTHY} */
  status?: string;
  /** API keys of the project. @default {a publishable and a secret key} */
  apiKeys?: ApiKey[];
}

export interface ApiKey {
  name: string;
  type: "publishable" | "secret" | "legacy";
  api_key: string;
}

export interface ManagementApi extends AsyncDisposable {
  /** Variables of the CLI: it calls this server with a valid access token. */
  environment: Record<string, string>;
  projectRef: string;
  functions: ReadonlyMap<string, HostedFunction>;
  secrets: ReadonlyMap<string, string>;
  /** Method and path of each request below the project. */
  requests: string[];
  /** The next request that matches is answered 500. */
  failNext(request: RegExp): void;
  /** Runs before the answer to a deployment of functions. */
  onDeployed(work: () => Promise<void>): void;
}

const REF = "abcdefghijklmnopqrst";
const ACCESS_TOKEN = `sbp_${"0123456789abcdef".repeat(3).slice(0, 40)}`;

export const DEFAULT_KEYS: ApiKey[] = [
  { name: "default", type: "publishable", api_key: "sb_publishable_standin" },
  { name: "default", type: "secret", api_key: "sb_secret_standin" },
];

function describeProject(options: ManagementApiOptions) {
  const { postgresVersion = "17.6.1.011", status = "ACTIVE_HEALTHY" } = options;
  return {
    id: REF,
    ref: REF,
    organization_id: "organization",
    organization_slug: "organization",
    name: "creatorflow",
    region: "eu-central-1",
    created_at: "2026-11-01T00:00:00Z",
    status,
    database: {
      host: `db.${REF}.supabase.co`,
      version: postgresVersion,
      postgres_engine: postgresVersion.split(".")[0],
      release_channel: "ga",
    },
  };
}

/** The pooler's address has a placeholder in the place of the password, as on the platform. */
function describePooler(databaseUrl: string) {
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

/** The CLI takes the addresses of another platform from a profile. */
async function writeProfile(folder: string, url: string): Promise<string> {
  const path = join(folder, "profile.yaml");
  const lines = [
    "name: stand-in",
    `api_url: ${url}`,
    `dashboard_url: ${url}/dashboard`,
    `docs_url: ${url}/docs`,
    "project_host: localhost",
    "pooler_host: localhost",
  ];
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
  return path;
}

const answerJson = (value: unknown, status = 200) => Response.json(value, { status });

export async function startManagementApi(options: ManagementApiOptions): Promise<ManagementApi> {
  const functions = new HostedFunctions();
  const secrets = new HostedSecrets();
  const requests: string[] = [];
  const failures: RegExp[] = [];
  let deployed = () => Promise.resolve();

  async function answer(request: Request, path: string): Promise<Response> {
    switch (`${request.method} ${path}`) {
      case "GET ":
        return answerJson(describeProject(options));
      case "GET /api-keys":
        return answerJson(options.apiKeys ?? DEFAULT_KEYS);
      case "GET /config/database/pooler":
        return answerJson(options.databaseUrl ? describePooler(options.databaseUrl) : []);
      case "GET /secrets":
        return answerJson(secrets.list());
      case "POST /secrets":
        secrets.set(await request.json());
        return new Response(null, { status: 201 });
      case "GET /functions":
        return answerJson(functions.list());
      case "POST /functions/deploy": {
        const { searchParams } = new URL(request.url);
        const uploaded = await functions.upload(searchParams.get("slug"), await request.formData());
        if (searchParams.get("bundleOnly") !== "true") {
          functions.activate([uploaded]);
          await deployed();
        }
        return answerJson(uploaded, 201);
      }
      case "PUT /functions": {
        const list = functions.activate(await request.json());
        await deployed();
        return answerJson({ functions: list });
      }
    }
    throw new ApiError(404, `No such operation: ${request.method} ${path}`);
  }

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    try {
      if (request.headers.get("authorization") !== `Bearer ${ACCESS_TOKEN}`) {
        throw new ApiError(401, "Unauthorized");
      }
      if (pathname === "/v1/projects") return answerJson([describeProject(options)]);
      const prefix = `/v1/projects/${REF}`;
      if (!pathname.startsWith(prefix)) throw new ApiError(404, "Project not found");
      const path = pathname.slice(prefix.length);
      const name = `${request.method} ${path}`;
      requests.push(name);
      const failing = failures.findIndex((pattern) => pattern.test(name));
      if (failing >= 0) {
        failures.splice(failing, 1);
        throw new ApiError(500, "Internal server error");
      }
      return await answer(request, path);
    } catch (error) {
      await request.body?.cancel().catch(() => {});
      if (!(error instanceof ApiError)) throw error;
      return answerJson({ message: error.message }, error.status);
    }
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle);
  const profile = await writeProfile(options.folder, `http://127.0.0.1:${server.addr.port}`);
  return {
    environment: {
      SUPABASE_PROFILE: profile,
      SUPABASE_ACCESS_TOKEN: ACCESS_TOKEN,
      SUPABASE_HOME: options.folder,
      SUPABASE_NO_KEYRING: "1",
      SUPABASE_NO_UPDATE_NOTIFIER: "1",
    },
    projectRef: REF,
    functions: functions.active,
    secrets: secrets.values,
    requests,
    failNext: (request) => failures.push(request),
    onDeployed: (work) => deployed = work,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}
