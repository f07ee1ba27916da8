/** The pages of this repository refer to files, headings, tasks and functions that exist. */
import assert from "node:assert/strict";
import { CHECKED } from "../../local/commands/check.ts";
import { describeStack } from "../../local/cli/describe_stack.ts";
import type { Stack } from "../../local/stack/stack.ts";
import {
  anchorsOf,
  fileNamesOf,
  linksOf,
  listFiles,
  type Page,
  pathsOf,
  readPages,
  ROOT,
  tasksOf,
} from "../support/pages.ts";

const files = await listFiles();
const pages = await readPages(files);

function pageAt(path: string): Page {
  return pages.find((page) => page.path === path) ?? assert.fail(`${path} is not a page`);
}

function isFileOrFolder(path: string): boolean {
  const folder = path.endsWith("/") ? path : `${path}/`;
  return files.some((file) => file === path || file.startsWith(folder));
}

Deno.test("every link of a page points to a file and a heading that exist", () => {
  const broken: string[] = [];
  for (const page of pages) {
    for (const { target, anchor } of linksOf(page)) {
      const link = `${page.path}: ${target}${anchor && `#${anchor}`}`;
      if (!isFileOrFolder(target)) broken.push(link);
      else if (anchor !== "" && !anchorsOf(pageAt(target).text).has(anchor)) broken.push(link);
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("another page links to every page of docs/", () => {
  const linked = new Set(
    pages.flatMap((page) =>
      linksOf(page).map(({ target }) => target).filter((target) => target !== page.path)
    ),
  );
  const docs = pages.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
  assert.ok(docs.length > 10);
  assert.deepEqual(docs.filter((path) => !linked.has(path)), []);
});

Deno.test("every path and file name on a page exists", () => {
  const names = new Set(files.map((path) => path.split("/").at(-1)));
  const missing = pages.flatMap((page) => [
    ...pathsOf(page).filter((path) => !isFileOrFolder(path)).map((path) => `${page.path}: ${path}`),
    ...fileNamesOf(page).filter((name) => !isFileName(names, name))
      .map((name) => `${page.path}: ${name}`),
  ]);
  assert.deepEqual(missing, []);
});

Deno.test("every threat of docs/security.md has a decision, and a test that exists", () => {
  const [, table = ""] =
    /^\| threat .*\n\| -.*\n((?:\|.*\n)+)/m.exec(pageAt("docs/security.md").text) ??
      [];
  const rows = table.trim().split("\n").map((row) => row.split("|").slice(1, -1));
  assert.ok(rows.length > 40);
  for (const [threat = "", decision = "", tests = "", ...others] of rows) {
    assert.ok(threat.trim() && decision.trim() && others.length === 0, threat);
    const named = [...tests.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
    assert.ok(named.length > 0, threat);
    for (const path of named) {
      assert.ok(files.includes(path) && /_test\.ts$|\.test\.sql$/.test(path), `${threat}: ${path}`);
    }
  }
});

/** Whether a file has this name; migrations and their tests may be named without their date. */
function isFileName(names: Set<string | undefined>, name: string): boolean {
  return names.has(name) || names.has(`20261123${name}`);
}

Deno.test("every task on a page is in deno.json", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const unknown = pages.flatMap((page) =>
    tasksOf(page).filter((name) => !Object.hasOwn(tasks, name)).map((name) =>
      `${page.path}: ${name}`
    )
  );
  assert.deepEqual(unknown, []);
});

/** Not carried out: the index, and the references of the daily operation. */
const NO_RUNBOOKS = ["README", "billing", "labels"];

Deno.test("a test carries out every runbook, and the index names it", async () => {
  const names = files.flatMap((path) => /^docs\/runbooks\/([\w-]+)\.md$/.exec(path)?.[1] ?? []);
  const sources = await Promise.all(
    files.filter((path) => /^tests\/stack\/runbook\w*_test\.ts$/.test(path))
      .map((path) => Deno.readTextFile(new URL(path, ROOT))),
  );
  const opened = sources.flatMap((source) =>
    [...source.matchAll(/openRunbook\("([\w-]+)"/g)].map(([, name]) => name)
  );
  const runbooks = names.filter((name) => !NO_RUNBOOKS.includes(name));
  assert.ok(runbooks.length >= 10);
  assert.deepEqual(opened.toSorted(), runbooks.toSorted());
  const index = new Set(linksOf(pageAt("docs/runbooks/README.md")).map(({ target }) => target));
  assert.deepEqual(runbooks.filter((name) => !index.has(`docs/runbooks/${name}.md`)), []);
});

/** Pages whose ts blocks are modules; other tests run them, and `deno task check` checks their types. */
const EXAMPLES = ["docs/sellers-view.md", "docs/labels-tutorial.md", "docs/billing-tutorial.md"];

Deno.test("deno task check checks the code blocks of the seller's page and of the tutorials", () => {
  for (const path of EXAMPLES) {
    assert.match(pageAt(path).text, /^```ts$/m);
    assert.ok(CHECKED.includes(path), path);
  }
});

Deno.test("in docs/architecture.md the file of each step has the functions of the step", async () => {
  const { text } = pageAt("docs/architecture.md");
  const steps = [...text.matchAll(/^\| \d+ +\| (`.+?) +\| (.+?) +\|/gm)];
  assert.ok(steps.length > 20);
  for (const [, place = "", functions = ""] of steps) {
    const named = [...place.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
    const paths = files.filter((path) =>
      named.some((name) => path === name || path === `supabase/migrations/20261123${name}`)
    );
    assert.equal(paths.length, named.length, place);
    const sources = await Promise.all(
      paths.map((path) => Deno.readTextFile(new URL(path, ROOT))),
    );
    for (const [, name] of functions.matchAll(/`(\w+)[^`]*`/g)) {
      const declared = new RegExp(
        `\\b(?:function|async|class|const) (?:public\\.|private\\.)?${name}\\b|^  ${name}\\(`,
        "m",
      );
      assert.ok(sources.some((source) => declared.test(source)), `${place}: ${name}`);
    }
  }
});

/** Lines of text that a command prints: not comments, and not the head of a generated file. */
function messagesOf(source: string): string[] {
  return source.split("\n").filter((line) => !/^\s*(?:\/\/|\/?\*)|Made by /.test(line));
}

Deno.test("pages and messages name commands in the form that works with only Node", async () => {
  const short = /(?<!npx -y )\bdeno task [a-z]/;
  const isRead = (path: string) =>
    /^(?:local|shared|functions)\/.*\.tsx?$/.test(path) && !path.endsWith("_test.ts");
  const found = pages.filter(({ text }) => short.test(text)).map(({ path }) => path);
  await Promise.all(
    files.filter(isRead).map(async (path) => {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      if (messagesOf(source).some((line) => short.test(line))) found.push(path);
    }),
  );
  assert.deepEqual(found, []);
});

Deno.test("a comment behind a command can be copied with it into zsh, which reads it", () => {
  const comments = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^ *npx -y deno@\S+ task .* # (.*)$/gm)].map(([, comment = ""]) => ({
      path,
      comment,
    }))
  );
  assert.ok(comments.length > 20);
  assert.deepEqual(comments.filter(({ comment }) => /[;'"`()*?[\]<>&|$!#]/.test(comment)), []);
});

Deno.test("README.md shows what deno task start prints", () => {
  const env = {
    SUPABASE_URL: "http://127.0.0.1:54321",
    SUPABASE_DB_URL: "postgresql://postgres:secret-password@127.0.0.1:54322/postgres",
    TIKTOK_API_URL: "http://127.0.0.1:54321/simulators/tiktok",
    EASYPOST_API_URL: "http://127.0.0.1:54321/simulators/easypost/v2",
    STRIPE_API_URL: "http://127.0.0.1:54321/simulators/stripe",
    SUPABASE_PUBLISHABLE_KEY: "sb_publishable_...",
    SUPABASE_SECRET_KEY: "sb_secret_...",
  };
  const operatorUrl = `${env.SUPABASE_URL}/operator/sign-in#...`;
  const stack = { env, operatorUrl, tiktok: {}, easypost: {}, stripe: {} } as unknown as Stack;
  const printed = describeStack(stack, { data: ".local", seconds: "2.9", detached: false }).trim();
  const shown = printed.split("\n").map((line) => line === "" ? "" : `    ${line}`).join("\n");
  assert.ok(pageAt("README.md").text.includes(shown), shown);
  assert.doesNotMatch(printed, /sb_secret_|secret-password/);
});

Deno.test("the house in README.md has every folder of shared, local and tests", () => {
  const { text } = pageAt("README.md");
  const house = text.slice(text.indexOf("## The house"), text.indexOf("## Working on it"));
  const folders = files.flatMap((path) => /^(?:shared|local|tests)\/(\w+)\//.exec(path)?.[1] ?? []);
  assert.ok(folders.length > 0);
  assert.deepEqual([...new Set(folders)].filter((name) => !house.includes(` ${name}/`)), []);
});

Deno.test("the table of domains has every migration, in their order", () => {
  const { text } = pageAt("supabase/migrations/README.md");
  const listed = [...text.matchAll(/^\| (\d{6}) (\w+) +\|/gm)].map(([, number, name]) =>
    `${number}_${name}`
  );
  const migrations = files.flatMap((path) =>
    /^supabase\/migrations\/\d{8}(\d{6}_\w+)\.sql$/.exec(path)?.[1] ?? []
  );
  assert.deepEqual(listed, migrations.sort());
});

Deno.test("the references of a page are found", () => {
  const page = {
    path: "docs/sample.md",
    text: [
      "# Sample",
      "## A name: `code`, and 2 words",
      "See [labels](labels.md#states), [here](#sample) and [the web](https://example.com).",
      "`functions/<name>/index.ts`, shared/log.ts. `events.ts`, `docs/...`, $URL/functions/v1",
      "    npx -y deno@2.9.5 task db:seed   # a task of the day; `task start`",
    ].join("\n"),
  };
  assert.deepEqual([...anchorsOf(page.text)], ["sample", "a-name-code-and-2-words"]);
  assert.deepEqual(linksOf(page), [
    { target: "docs/labels.md", anchor: "states" },
    { target: "docs/sample.md", anchor: "sample" },
  ]);
  assert.deepEqual(pathsOf(page), ["functions/", "shared/log.ts", "docs/"]);
  assert.deepEqual(fileNamesOf(page), ["events.ts"]);
  assert.deepEqual(tasksOf(page), ["db:seed", "start"]);
});
