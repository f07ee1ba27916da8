/** Projects that `deno task deploy` refuses before it changes anything. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startManagementApi } from "../../local/deploy/management_api.ts";
import {
  type ApiKey,
  DEFAULT_KEYS,
  type ManagementApiOptions,
  REF,
} from "../../local/deploy/management_project.ts";
import {
  checkApiKeys,
  findSecretKey,
  listApiKeys,
} from "../../local/deploy/steps/check_api_keys.ts";
import { checkProject, findProject, listProjects } from "../../local/deploy/steps/check_project.ts";
import type { Deployment } from "../../local/deploy/step.ts";
import { runSupabaseCli } from "../../local/supabase/cli.ts";

const DATABASE_URL = "postgresql://postgres.someone@127.0.0.1:6543/postgres";

/** As `runSupabaseCli`, for calls that only read: what the CLI has answered once is not asked for again. */
function rememberingCli(): typeof runSupabaseCli {
  const answers = new Map<string, Promise<string>>();
  return (args, options) => {
    const key = args.join(" ");
    const answer = answers.get(key) ?? runSupabaseCli(args, options);
    answers.set(key, answer);
    return answer;
  };
}

interface Linked extends AsyncDisposable {
  deployment: Deployment;
  /** Requests to the Management API that are not reads. */
  writes(): string[];
}

/** A linked project. */
async function linkProject(
  project: Partial<ManagementApiOptions>,
  environment: Record<string, string> = { SUPABASE_DB_PASSWORD: "a/b" },
): Promise<Linked> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  const api = await startManagementApi({ folder, ...project });
  const state = join(folder, "supabase", ".temp");
  await Deno.mkdir(state, { recursive: true });
  await Deno.writeTextFile(join(state, "project-ref"), api.projectRef);
  await Deno.writeTextFile(join(state, "pooler-url"), DATABASE_URL.replace("6543", "5432"));
  return {
    deployment: {
      options: {
        linked: folder,
        state: folder,
        secretsFile: "unused",
        environment: { ...api.environment, ...environment },
        cli: rememberingCli(),
      },
      startedAt: new Date(),
      hasChanged: false,
      found: { secrets: {} },
    },
    writes: () => api.requests.filter((request) => !request.startsWith("GET")),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const [OLDER, PAUSED, FOREIGN] = ["o".repeat(20), "p".repeat(20), "f".repeat(20)];
const LEGACY: ApiKey = { name: "service_role", type: "legacy", api_key: "eyJ" };

Deno.test("the projects and the API keys of a login, as the CLI lists them", async (t) => {
  await using linked = await linkProject({
    others: { [OLDER]: { postgresVersion: "15.8.1.085" }, [PAUSED]: { status: "INACTIVE" } },
    apiKeys: [...DEFAULT_KEYS, LEGACY],
  });
  const { deployment } = linked;

  await t.step("a healthy project gives its address, database and secret key", async () => {
    await checkProject.run(deployment);
    await checkApiKeys.run(deployment);
    const { found } = deployment;
    assert.equal(found.url, "https://abcdefghijklmnopqrst.supabase.co");
    assert.equal(found.secretKey, "sb_secret_standin");
    const database = "postgresql://postgres.someone:a%2Fb@127.0.0.1:5432/postgres";
    assert.equal(found.databaseUrl, database);
  });

  await t.step(
    "a project with another Postgres, that is paused, or that the login may not use is refused",
    async () => {
      const listed = await listProjects(deployment);
      assert.equal(findProject(listed, REF).name, "creatorflow");
      assert.throws(() => findProject(listed, OLDER), /has Postgres 15\.8.*needs 17/);
      assert.throws(() => findProject(listed, PAUSED), /INACTIVE, not ACTIVE_HEALTHY/);
      assert.throws(() => findProject(listed, FOREIGN), /may not use the project f+,/);
    },
  );

  await t.step("a project without new API keys is refused", async () => {
    const listed = await listApiKeys(deployment);
    const keys: ApiKey[] = JSON.parse(listed);
    const without = (...types: string[]) =>
      JSON.stringify(keys.filter(({ type }) => !types.includes(type)));
    assert.equal(findSecretKey(listed, "default"), "sb_secret_standin");
    assert.equal(findSecretKey(without("legacy"), "default"), "sb_secret_standin");
    assert.throws(() => findSecretKey(listed, "next"), /no secret key named "next"/);
    const refused = without("publishable", "secret");
    assert.equal(JSON.parse(refused).length, 1);
    assert.throws(() => findSecretKey(refused, "default"), /Create new API keys/);
    assert.throws(() => findSecretKey(without("secret"), "default"), /Legacy keys/);
    assert.throws(() => findSecretKey(without("publishable"), "default"), /Legacy keys/);
  });

  assert.deepEqual(linked.writes(), []);
});

Deno.test("without the password of the database, or a login, the message says where to get it", async () => {
  await using withoutPassword = await linkProject({}, {});
  const { deployment } = withoutPassword;
  await assert.rejects(
    checkProject.run(deployment),
    /SUPABASE_DB_PASSWORD is not set.*Reset database/s,
  );
  Object.assign(deployment.options.environment, {
    SUPABASE_DB_PASSWORD: "a/b",
    SUPABASE_ACCESS_TOKEN: `sbp_${"f".repeat(40)}`,
  });
  await assert.rejects(
    checkProject.run(deployment),
    /projects list failed:[^]*(401|Unauthorized)/,
  );
  assert.deepEqual([withoutPassword.writes(), deployment.found], [[], { secrets: {} }]);
});
