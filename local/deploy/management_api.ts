/** A stand-in for the Supabase Management API: what CLI 3.x calls to link and to deploy a project. */
import { join } from "node:path";
import { ApiError } from "./api_error.ts";
import { type Config, HostedConfig } from "./management_config.ts";
import { type HostedFunction, HostedFunctions } from "./management_functions.ts";
import {
  DEFAULT_KEYS,
  describeHealth,
  describePooler,
  describeProject,
  describeProjects,
  type ManagementApiOptions,
  REF,
} from "./management_project.ts";
import { HostedSecrets } from "./management_secrets.ts";

export interface ManagementApi extends AsyncDisposable {
  /** Variables of the CLI: it calls this server with a valid access token. */
  environment: Record<string, string>;
  projectRef: string;
  functions: ReadonlyMap<string, HostedFunction>;
  secrets: ReadonlyMap<string, string>;
  /** Settings of Auth, as `supabase config push` has set them. */
  auth: Readonly<Config>;
  /** Method and path of each request below the project. */
  requests: string[];
  /** The next request that matches is answered 500. */
  failNext(request: RegExp): void;
  /** Runs before the answer to a deployment of functions. */
  onDeployed(work: () => Promise<void>): void;
}

const ACCESS_TOKEN = `sbp_${"0123456789abcdef".repeat(3).slice(0, 40)}`;

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
  const config = new HostedConfig();
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
      case "GET /billing/addons":
        return answerJson({ selected_addons: [], available_addons: [] });
      case "GET /health":
        return answerJson(describeHealth(request, options));
      case "GET /config":
        return answerJson(config.describe(REF));
      case "PATCH /config/auth":
        return answerJson(config.updateAuth(await request.json()));
      case "PATCH /postgrest":
        return answerJson(config.updateApi(await request.json()));
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
      if (pathname === "/v1/projects") return answerJson(describeProjects(options));
      const [, ref, path = ""] = /^\/v[12]\/projects\/([a-z]+)(\/.*)?$/.exec(pathname) ?? [];
      if (ref !== REF) throw new ApiError(404, "Project not found");
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
    auth: config.auth,
    requests,
    failNext: (request) => failures.push(request),
    onDeployed: (work) => deployed = work,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}
