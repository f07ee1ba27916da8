/** The stand-in Management API, called by the real Supabase CLI. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ManagementApi, startManagementApi } from "../../local/deploy/management_api.ts";
import { runSupabaseCli } from "../../local/supabase/cli.ts";

interface Project extends AsyncDisposable {
  api: ManagementApi;
  workdir: string;
  cli(...args: string[]): Promise<string>;
}

async function startProject(): Promise<Project> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  const workdir = join(folder, "project");
  await Deno.mkdir(join(workdir, "supabase"), { recursive: true });
  const databaseUrl = "postgresql://postgres.someone@127.0.0.1:6543/postgres";
  const api = await startManagementApi({ folder, databaseUrl });
  return {
    api,
    workdir,
    cli: (...args) => runSupabaseCli(args, { workdir, environment: api.environment }),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Writes the sources and the config.toml of functions. */
async function writeFunctions(workdir: string, sources: Record<string, string>, rest = "") {
  const sections = Object.keys(sources).map((name) =>
    `[functions.${name}]\n${rest}\nentrypoint = "./functions/${name}/index.js"\n`
  );
  await Deno.writeTextFile(
    join(workdir, "supabase", "config.toml"),
    `project_id = "test"\n${sections.join("\n")}`,
  );
  for (const [name, source] of Object.entries(sources)) {
    const folder = join(workdir, "supabase", "functions", name);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "index.js"), source);
  }
}

const SOURCE = 'export default { fetch: () => new Response("ok") };';

Deno.test("the CLI links a project, and keeps the address of its pooler in session mode", async () => {
  await using project = await startProject();
  await writeFunctions(project.workdir, {});
  await project.cli("link", "--project-ref", project.api.projectRef, "--yes");
  const state = (name: string) =>
    Deno.readTextFile(join(project.workdir, "supabase", ".temp", name));
  assert.equal(await state("project-ref"), project.api.projectRef);
  assert.equal(
    (await state("pooler-url")).trim(),
    "postgresql://postgres.someone@127.0.0.1:5432/postgres",
  );
  const keys = JSON.parse(await project.cli("projects", "api-keys", "--reveal", "--output=json"));
  assert.deepEqual(keys.map((key: { type: string }) => key.type), ["publishable", "secret"]);
});

Deno.test("another access token is refused", async () => {
  await using project = await startProject();
  project.api.environment.SUPABASE_ACCESS_TOKEN = `sbp_${"f".repeat(40)}`;
  await assert.rejects(project.cli("projects", "list"), /401|Unauthorized/);
});

Deno.test("secrets are set together, listed as digests, and may not begin with SUPABASE_", async () => {
  await using project = await startProject();
  const remote = `--remote=${project.api.projectRef}`;
  await project.cli("secrets", "set", "ONE=1", "TWO=b=c", remote, "--yes");
  assert.deepEqual(Object.fromEntries(project.api.secrets), { ONE: "1", TWO: "b=c" });
  const { secrets } = JSON.parse(
    await project.cli("secrets", "list", remote, "--output-format=json"),
  );
  assert.ok(secrets.every(({ value }: { value: string }) => /^[0-9a-f]{64}$/.test(value)));
  const { SUPABASE_PROFILE = "", SUPABASE_ACCESS_TOKEN } = project.api.environment;
  const [, url] = /api_url: (.*)/.exec(await Deno.readTextFile(SUPABASE_PROFILE)) ?? [];
  const response = await fetch(`${url}/v1/projects/${project.api.projectRef}/secrets`, {
    method: "POST",
    headers: { authorization: `Bearer ${SUPABASE_ACCESS_TOKEN}` },
    body: JSON.stringify([{ name: "THREE", value: "3" }, { name: "SUPABASE_URL", value: "x" }]),
  });
  assert.equal(response.status, 400);
  assert.match((await response.json()).message, /SUPABASE_/);
  assert.equal(project.api.secrets.size, 2);
});

Deno.test("functions are deployed together, verify_jwt is true unless config.toml says false", async () => {
  await using project = await startProject();
  const deploy = () =>
    project.cli("functions", "deploy", "--use-api", `--remote=${project.api.projectRef}`, "--yes");
  await writeFunctions(project.workdir, { one: SOURCE, two: SOURCE }, "verify_jwt = false");
  await deploy();
  await writeFunctions(project.workdir, { three: SOURCE });
  await deploy();
  const { functions } = project.api;
  assert.deepEqual(
    [...functions.values()].map(({ slug, verify_jwt, version }) => [slug, verify_jwt, version]),
    [["one", false, 1], ["two", false, 1], ["three", true, 1]],
  );
  assert.deepEqual(functions.get("one")?.files.map(({ text }) => text), [SOURCE]);
});

Deno.test("a function whose upload fails stays as it was, and the command fails", async () => {
  await using project = await startProject();
  const deploy = () =>
    project.cli("functions", "deploy", "--use-api", `--remote=${project.api.projectRef}`, "--yes");
  const broken = 'import "./missing.js";';
  await writeFunctions(project.workdir, { one: SOURCE, two: broken }, "verify_jwt = false");
  await assert.rejects(deploy(), /Module not found: \.\/missing\.js/);
  // The CLI activates the uploads that succeeded.
  assert.deepEqual([...project.api.functions.keys()], ["one"]);

  const large = `${SOURCE}\n/* ${"x".repeat(5 * 1024 * 1024)} */`;
  await writeFunctions(project.workdir, { one: SOURCE, two: large }, "verify_jwt = false");
  await assert.rejects(deploy(), /larger than 5 MB/);
  assert.deepEqual([...project.api.functions.keys()], ["one"]);
});

const AUTH = `project_id = "test"
[api]
schemas = ["public"]
[auth]
site_url = "https://app.example.com"
[auth.email]
enable_confirmations = true
[auth.email.smtp]
enabled = true
host = "smtp.example.com"
port = 465
user = "user"
pass = "env(SMTP_PASS)"
admin_email = "team@example.com"
sender_name = "CreatorFlow"
`;

Deno.test("config push sets Auth and the exposed schemas; a secret is shown as a digest", async () => {
  await using project = await startProject();
  project.api.environment.SMTP_PASS = "mail-password";
  await Deno.writeTextFile(join(project.workdir, "supabase", "config.toml"), AUTH);
  const push = () => project.cli("config", "push", `--remote=${project.api.projectRef}`, "--yes");
  const output = await push();
  assert.doesNotMatch(output, /mail-password/);
  const { auth } = project.api;
  assert.equal(auth.site_url, "https://app.example.com");
  assert.equal(auth.smtp_host, "smtp.example.com");
  assert.equal(auth.smtp_pass, "mail-password");
  const writes = () => project.api.requests.filter((request) => request.startsWith("PATCH"));
  assert.deepEqual(writes(), ["PATCH /postgrest", "PATCH /config/auth"]);
});
