/** `deno task deploy` from an empty project to a running backend, with stand-ins for the platform. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generateApiKey } from "@supabase/lite";
import { type ManagementApi, startManagementApi } from "../../local/deploy/management_api.ts";
import type { ApiKey } from "../../local/deploy/management_project.ts";
import { REQUIRED } from "../../local/deploy/secrets_file.ts";
import { accessTo, bootstrap } from "../../local/supabase/bootstrap.ts";
import { runSupabaseCli, supabaseCliEnvironment } from "../../local/supabase/cli.ts";
import { STEPS } from "../../local/deploy/deploy.ts";
import { type CommandResult, runCommand } from "../support/run_command.ts";
import {
  createTestDatabase,
  startTestStack,
  type TestDatabase,
  type TestStack,
} from "../support/stack.ts";
import { QUIET_MINUTE, tickAt } from "../support/tick_at.ts";

const SECRETS: Record<string, string> = {
  TIKTOK_APP_KEY: "appkey",
  TIKTOK_APP_SECRET: "app-secret",
  TIKTOK_SERVICE_ID: "service",
  APP_URL: "https://app.example.com/done?from=1#end",
  EASYPOST_API_KEY: "EZTK0123",
  EASYPOST_WEBHOOK_SECRET: "long random text with spaces",
  STRIPE_SECRET_KEY: "sk_test_0123",
  STRIPE_WEBHOOK_SECRET: "whsec_0123,whsec_4567",
  STRIPE_PRICE_STARTER: "price_starter",
  STRIPE_PRICE_GROWTH: "price_growth",
  STRIPE_PRICE_SCALE: "price_scale",
  ENCRYPTION_KEYS: `k1:${new Uint8Array(32).fill(7).toBase64()}`,
};

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function makeKeys(): Promise<ApiKey[]> {
  return await Promise.all((["publishable", "secret"] as const).map(async (type) => ({
    name: "default",
    type,
    api_key: (await generateApiKey(type)).key,
  })));
}

/** A plain Postgres database with what a new Supabase project has, and no migration. */
async function createHostedDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase("template0");
  await bootstrap(accessTo(database.url));
  return database;
}

interface Platform extends AsyncDisposable {
  api: ManagementApi;
  folder: string;
  database: TestDatabase;
  stack(): TestStack | undefined;
  deploy(...args: string[]): Promise<CommandResult>;
}

/** Functions run, and jobs fire, as soon as functions are deployed, with the secrets that were set. */
async function startPlatform(): Promise<Platform> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  const database = await createHostedDatabase();
  const apiKeys = await makeKeys();
  const api = await startManagementApi({ folder, databaseUrl: database.url, apiKeys });
  const port = freePort();
  const stopping = new AbortController();
  let stack: TestStack | undefined;
  let ticking = Promise.resolve();

  async function fireJobs(running: TestStack): Promise<void> {
    while (!stopping.signal.aborted) {
      await tickAt(running, QUIET_MINUTE);
      await sleep(1000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  api.onDeployed(async () => {
    if (stack !== undefined) return;
    const [publishable, secret] = apiKeys;
    stack = await startTestStack({
      port,
      environment: {
        ...Object.fromEntries(api.secrets),
        SUPABASE_PUBLISHABLE_KEY: publishable?.api_key,
        SUPABASE_SECRET_KEY: secret?.api_key,
      },
    }, database);
    ticking = fireJobs(stack);
  });

  const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
  const environment = {
    ...{ PATH, HOME, ...(DENO_DIR && { DENO_DIR }) },
    ...await supabaseCliEnvironment(),
    ...api.environment,
    SUPABASE_DB_PASSWORD: decodeURIComponent(new URL(database.url).password),
    SUPABASE_API_MAX_RETRIES: "0",
  };
  return {
    api,
    folder,
    database,
    stack: () => stack,
    deploy: (...args) =>
      runCommand("deploy", [
        ...["--workdir", folder, "--state", join(folder, "state")],
        ...["--secrets", join(folder, "secrets.env"), "--url", `http://127.0.0.1:${port}`],
        ...args,
      ], { environment }),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ticking;
      if (stack === undefined) await database.drop();
      else await stack[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function writeSecrets(folder: string, secrets: Record<string, string>): Promise<void> {
  const lines = Object.entries(secrets).map(([name, value]) => `${name}="${value}"\n`);
  await Deno.writeTextFile(join(folder, "secrets.env"), lines.join(""));
}

/** Requests that change the project. */
function writes(api: ManagementApi): string[] {
  return api.requests.filter((request) => !request.startsWith("GET "));
}

/** Names of a function's files in the upload. */
async function bundledFiles(folder: string, slug: string): Promise<string[]> {
  const path = `supabase/functions/${slug}`;
  const files = await Array.fromAsync(Deno.readDir(join(folder, "state", "project", path)));
  return files.map(({ name }) => `${path}/${name}`).sort();
}

Deno.test("deploy goes through all steps, continues after a failure, and changes nothing twice", async (t) => {
  await using platform = await startPlatform();
  const { api, folder, deploy } = platform;

  await t.step("every missing secret is named, and the project that is not linked", async () => {
    await writeSecrets(folder, { TIKTOK_APP_KEY: "appkey" });
    const missing = await deploy();
    assert.equal(missing.code, 1, missing.text);
    for (const name of REQUIRED.filter((one) => one !== "TIKTOK_APP_KEY")) {
      assert.match(missing.text, new RegExp(`^ {2}${name} +\\S`, "m"));
    }
    assert.match(missing.text, /Nothing was changed/);
    await writeSecrets(folder, SECRETS);
    const unlinked = await deploy();
    assert.equal(unlinked.code, 1, unlinked.text);
    assert.match(unlinked.text, /No project is linked.* link --project-ref/);
    assert.deepEqual(api.requests, []);
  });

  await t.step(
    "a failure in the middle keeps what was done, and says how to continue",
    async () => {
      await Deno.mkdir(join(folder, "supabase"));
      await Deno.writeTextFile(join(folder, "supabase", "config.toml"), 'project_id = "test"\n');
      await runSupabaseCli(["link", "--project-ref", api.projectRef, "--yes"], {
        workdir: folder,
        environment: api.environment,
      });
      api.failNext(/^POST \/secrets/);
      const { code, text } = await deploy();
      assert.equal(code, 1, text);
      assert.match(text, /^5\/11 migrations: changed$/m);
      assert.match(
        text,
        /^6\/11 Vault: changed\n {4}created project_url\n {4}created secret_key$/m,
      );
      assert.match(text, /^Stopped at step 7\/11 secrets: /m);
      assert.match(text, /^Changed: migrations, Vault\. Run the command again/m);
      assert.deepEqual([api.secrets.size, api.functions.size], [0, 0]);
    },
  );

  await t.step("the next run continues there, and the backend works", async () => {
    const { code, text } = await deploy();
    assert.equal(code, 0, text);
    assert.match(text, /^5\/11 migrations: no change$/m);
    assert.match(text, /^6\/11 Vault: no change$/m);
    assert.match(text, /^7\/11 secrets: changed$/m);
    assert.match(text, /^8\/11 functions: changed$/m);
    assert.match(text, /^10\/11 probes: no change\n {4}11 probes passed$/m);
    assert.match(text, /^11\/11 scheduler: no change\n.*succeeded.*\n.* 200$/m);
    assert.match(text, /^Deployed\. Changed: secrets, functions\.$/m);
    assert.deepEqual(Object.fromEntries(api.secrets), SECRETS);
    for (const { slug, files } of api.functions.values()) {
      assert.deepEqual(files.map(({ name }) => name).sort(), await bundledFiles(folder, slug));
    }
    assert.ok(Object.values(SECRETS).slice(0, 2).every((value) => !text.includes(value)));
  });

  await t.step("the run after it changes nothing, and says so", async () => {
    const before = writes(api);
    const { code, text } = await deploy();
    assert.equal(code, 0, text);
    assert.equal([...text.matchAll(/^\d+\/11 .*: no change$/gm)].length, STEPS.length, text);
    assert.match(text, /^Nothing was changed: the project was up to date, and it works\.$/m);
    assert.deepEqual(writes(api), before);
  });

  await t.step("a stale Vault entry and a changed secret are updated, nothing else", async () => {
    const stack = platform.stack();
    assert.ok(stack);
    await stack.sql`update vault.secrets set secret = 'old' where name = 'secret_key'`;
    await writeSecrets(folder, { ...SECRETS, STRIPE_PRICE_SCALE: "price_other" });
    const { code, text } = await deploy();
    assert.equal(code, 0, text);
    assert.match(text, /^6\/11 Vault: changed\n {4}updated secret_key$/m);
    assert.match(text, /^7\/11 secrets: changed\n {4}set STRIPE_PRICE_SCALE$/m);
    assert.match(text, /^Deployed\. Changed: Vault, secrets\.$/m);
    assert.equal(api.secrets.get("STRIPE_PRICE_SCALE"), "price_other");
  });
});
