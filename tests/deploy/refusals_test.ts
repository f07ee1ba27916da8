/** Projects and secrets that `deno task deploy` refuses before it changes anything. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startManagementApi } from "../../local/deploy/management_api.ts";
import {
  type ApiKey,
  DEFAULT_KEYS,
  type ManagementApiOptions,
  REF,
} from "../../local/deploy/management_project.ts";
import { readSecrets, REQUIRED } from "../../local/deploy/secrets_file.ts";
import {
  checkApiKeys,
  findSecretKey,
  listApiKeys,
} from "../../local/deploy/steps/check_api_keys.ts";
import { checkProject, findProject, listProjects } from "../../local/deploy/steps/check_project.ts";
import type { Deployment } from "../../local/deploy/step.ts";

const DATABASE_URL = "postgresql://postgres.someone@127.0.0.1:6543/postgres";

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
      },
      startedAt: new Date(),
      hasChanged: false,
      found: {},
    },
    writes: () => api.requests.filter((request) => !request.startsWith("GET")),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test("a healthy project gives its address, database and secret key", async () => {
  await using linked = await linkProject({});
  const { deployment } = linked;
  await checkProject.run(deployment);
  await checkApiKeys.run(deployment);
  const { found } = deployment;
  assert.equal(found.url, "https://abcdefghijklmnopqrst.supabase.co");
  assert.equal(found.secretKey, "sb_secret_standin");
  assert.equal(found.databaseUrl, "postgresql://postgres.someone:a%2Fb@127.0.0.1:5432/postgres");
  assert.deepEqual(linked.writes(), []);
});

Deno.test("a project with another Postgres, that is paused, or that the login may not use is refused", async () => {
  const [older, paused, foreign] = ["o".repeat(20), "p".repeat(20), "f".repeat(20)];
  const others = { [older]: { postgresVersion: "15.8.1.085" }, [paused]: { status: "INACTIVE" } };
  await using linked = await linkProject({ others });
  const listed = await listProjects(linked.deployment);
  assert.equal(findProject(listed, REF).name, "creatorflow");
  assert.throws(() => findProject(listed, older), /has Postgres 15\.8.*needs 17/);
  assert.throws(() => findProject(listed, paused), /INACTIVE, not ACTIVE_HEALTHY/);
  assert.throws(() => findProject(listed, foreign), /may not use the project f+,/);
  assert.deepEqual(linked.writes(), []);
});

Deno.test("a project without new API keys is refused", async () => {
  const legacy: ApiKey = { name: "service_role", type: "legacy", api_key: "eyJ" };
  await using linked = await linkProject({ apiKeys: [...DEFAULT_KEYS, legacy] });
  linked.deployment.found.projectRef = REF;
  const listed = await listApiKeys(linked.deployment);
  const keys: ApiKey[] = JSON.parse(listed);
  const without = (...types: string[]) =>
    JSON.stringify(keys.filter(({ type }) => !types.includes(type)));
  assert.equal(findSecretKey(listed), "sb_secret_standin");
  assert.equal(findSecretKey(without("legacy")), "sb_secret_standin");
  const refused = without("publishable", "secret");
  assert.equal(JSON.parse(refused).length, 1);
  assert.throws(() => findSecretKey(refused), /Create new API keys/);
  assert.throws(() => findSecretKey(without("secret")), /Legacy keys/);
  assert.throws(() => findSecretKey(without("publishable")), /Legacy keys/);
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
  assert.deepEqual([withoutPassword.writes(), deployment.found], [[], {}]);
});

/** Secrets of the right form. */
const RIGHT: Record<string, string> = {
  ...Object.fromEntries(REQUIRED.map((name) => [name, "x"])),
  APP_URL: "https://app.example.com",
  STRIPE_SECRET_KEY: "sk_live_x",
  STRIPE_WEBHOOK_SECRET: "whsec_x",
  STRIPE_PRICE_STARTER: "price_1",
  STRIPE_PRICE_GROWTH: "price_2",
  STRIPE_PRICE_SCALE: "price_3",
  ENCRYPTION_KEYS: `k1:${new Uint8Array(32).toBase64()}`,
};

async function readFrom(secrets: Record<string, string>, environment = {}) {
  const path = await Deno.makeTempFile();
  try {
    const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    return await readSecrets(path, environment);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("each required secret is needed by a function, and the others have a default", async () => {
  assert.deepEqual(await readFrom(RIGHT), RIGHT);
  for (const name of REQUIRED) {
    const { [name]: _, ...others } = RIGHT;
    await assert.rejects(readFrom(others), new RegExp(`\nMissing, .*:\n {2}${name} +\\S`));
  }
});

Deno.test("a wrong value is named and not shown; a name that the platform sets is refused", async () => {
  const wrong = { STRIPE_SECRET_KEY: "pk_live_private", ENCRYPTION_KEYS: "k1:c2VjcmV0" };
  await assert.rejects(readFrom({ ...RIGHT, ...wrong }), ({ message }: Error) => {
    assert.match(message, /STRIPE_SECRET_KEY is not a secret key/);
    assert.match(message, /ENCRYPTION_KEYS: /);
    assert.doesNotMatch(message, /pk_live_private|c2VjcmV0/);
    return true;
  });
  await assert.rejects(readFrom({ ...RIGHT, SUPABASE_URL: "x" }), /The platform sets/);
});

Deno.test("every problem of the file is named at once, with its line or name, and no value", async () => {
  const path = await Deno.makeTempFile();
  const lines = [
    "TIKTOK_APP_KEY",
    'STRIPE_SECRET_KEY="private',
    "FOO=private",
    "SUPABASE_URL=private",
    "APP_URL=private",
    "APP_URL=private",
    "STRIPE_PRICE_STARTER=private",
    "STRIPE_PRICE_GROWTH=private",
    "STRIPE_PRICE_SCALE=price_3",
    "STRIPE_WEBHOOK_SECRET=whsec_pri'vate",
    `ENCRYPTION_KEYS=${RIGHT.ENCRYPTION_KEYS}`,
    "TIKTOK_SERVICE_ID=1",
    "EASYPOST_API_KEY=EZAK",
  ];
  await Deno.writeTextFile(path, lines.join("\n"));
  try {
    await assert.rejects(readSecrets(path, { EASYPOST_API_URL: "private" }), (error: Error) => {
      assert.equal(
        error.message.replaceAll(/^( {2}\w+) .*$/gm, "$1"),
        `The secrets of ${path} are not usable:
Line 1: write NAME=value, with both quotes or none.
Line 2: write NAME=value, with both quotes or none.
Line 3: FOO is not a secret of this backend. Delete the line.
Line 4: The platform sets SUPABASE_URL. Delete the line.
Line 5: APP_URL is not an http(s) URL.
Line 6: APP_URL is set in line 5 already.
Line 7: STRIPE_PRICE_STARTER is not the id of a price.
Line 8: STRIPE_PRICE_GROWTH is not the id of a price.
Line 10: STRIPE_WEBHOOK_SECRET has a line break or a quotation mark.
In the environment: EASYPOST_API_URL is not an http(s) URL.
Missing, add a line NAME=value for each:
  TIKTOK_APP_SECRET
  EASYPOST_WEBHOOK_SECRET`,
      );
      return true;
    });
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a variable of the environment wins over the file", async () => {
  const secrets = await readFrom(RIGHT, {
    APP_URL: "https://other.example.com",
    SUPABASE_URL: "x",
  });
  assert.equal(secrets.APP_URL, "https://other.example.com");
  assert.equal(secrets.SUPABASE_URL, undefined);
});
