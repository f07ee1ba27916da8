/** The stand-in Management API, called by the real Supabase CLI. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ManagementApi, startManagementApi } from "../../local/deploy/management_api.ts";
import { runSupabaseCli } from "../../local/supabase/cli.ts";

interface Project extends AsyncDisposable {
  api: ManagementApi;
  workdir: string;
  cli(...args: string[]): Promise<string>;
  /** A call of the API without the CLI. @param path Below the projects. */
  call(path: string, init?: RequestInit): Promise<Response>;
}

async function startProject(): Promise<Project> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  const workdir = join(folder, "project");
  await Deno.mkdir(join(workdir, "supabase"), { recursive: true });
  const databaseUrl = "postgresql://postgres.someone@127.0.0.1:6543/postgres";
  const api = await startManagementApi({ folder, databaseUrl });
  const { SUPABASE_PROFILE = "", SUPABASE_ACCESS_TOKEN } = api.environment;
  const [, url] = /api_url: (.*)/.exec(await Deno.readTextFile(SUPABASE_PROFILE)) ?? [];
  return {
    api,
    workdir,
    cli: (...args) => runSupabaseCli(args, { workdir, environment: api.environment }),
    call: (path, init) =>
      fetch(`${url}/v1/projects${path}`, {
        headers: { authorization: `Bearer ${SUPABASE_ACCESS_TOKEN}` },
        ...init,
      }),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

interface Source {
  source: string;
  /** Other lines of its section in config.toml. */
  rest?: string;
}

/** Writes the sources and the config.toml of functions. */
async function writeFunctions(workdir: string, sources: Record<string, Source>) {
  const sections = Object.entries(sources).map(([name, { rest = "" }]) =>
    `[functions.${name}]\n${rest}\nentrypoint = "./functions/${name}/index.js"\n`
  );
  await Deno.writeTextFile(
    join(workdir, "supabase", "config.toml"),
    `project_id = "test"\n${sections.join("\n")}`,
  );
  for (const [name, { source }] of Object.entries(sources)) {
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
});

Deno.test("another access token, or none, is refused", async () => {
  await using project = await startProject();
  const right = await project.call("");
  assert.equal(right.status, 200);
  assert.equal((await right.json()).length, 1);
  for (const headers of [{ authorization: `Bearer sbp_${"f".repeat(40)}` }, {}]) {
    for (const path of ["", `/${project.api.projectRef}/secrets`]) {
      const refused = await project.call(path, { headers });
      assert.deepEqual([refused.status, await refused.json()], [401, { message: "Unauthorized" }]);
    }
  }
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
  const response = await project.call(`/${project.api.projectRef}/secrets`, {
    method: "POST",
    body: JSON.stringify([{ name: "THREE", value: "3" }, { name: "SUPABASE_URL", value: "x" }]),
  });
  assert.equal(response.status, 400);
  assert.match((await response.json()).message, /SUPABASE_/);
  assert.equal(project.api.secrets.size, 2);
});

Deno.test("functions are deployed together, verify_jwt is true unless config.toml says false; one whose upload fails stays as it was", async () => {
  await using project = await startProject();
  const { functions } = project.api;
  const deploy = () =>
    project.cli("functions", "deploy", "--use-api", `--remote=${project.api.projectRef}`, "--yes");
  const states = () =>
    Object.fromEntries(
      Array.from(functions.values(), (one) => [one.slug, [one.verify_jwt, one.version]]),
    );
  const open = { source: SOURCE, rest: "verify_jwt = false" };
  await writeFunctions(project.workdir, { one: open, two: open, three: { source: SOURCE } });
  await deploy();
  assert.deepEqual(states(), { one: [false, 1], two: [false, 1], three: [true, 1] });
  assert.deepEqual(functions.get("one")?.files.map(({ text }) => text), [SOURCE]);

  await writeFunctions(project.workdir, {
    one: { ...open, source: `${SOURCE}\n` },
    two: { ...open, source: 'import "./missing.js";' },
    three: { source: `${SOURCE}\n/* ${"x".repeat(5 * 1024 * 1024)} */` },
    four: { source: SOURCE },
  });
  await assert.rejects(deploy(), ({ message }: Error) => {
    assert.match(message, /Module not found: \.\/missing\.js/);
    assert.match(message, /larger than 5 MB/);
    return true;
  });
  // The CLI activates the uploads that succeeded.
  assert.deepEqual(states(), {
    one: [false, 2],
    two: [false, 1],
    three: [true, 1],
    four: [true, 1],
  });
  for (const name of ["two", "three"]) {
    assert.deepEqual(functions.get(name)?.files.map(({ text }) => text), [SOURCE]);
  }
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
