/** docs/deploy.md says what the commands do. */
import assert from "node:assert/strict";
import { STEPS } from "../../local/deploy/deploy.ts";
import { REQUIRED } from "../../local/deploy/secrets_file.ts";

const ROOT = new URL("../..", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const page = await read("docs/deploy.md");

/** First cells of the table under a heading. */
function firstCells(heading: string): string[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [text = ""] = section.split("\n## ");
  return text.split("\n").filter((line) => line.startsWith("| "))
    .map((line) => line.split("|")[1]?.trim() ?? "")
    .filter((cell) => !/^(-+|name|step)$/.test(cell));
}

Deno.test("docs/deploy.md lists every secret, and every step in its order", () => {
  const names = firstCells("3. Secrets").map((cell) => cell.replaceAll("`", ""));
  assert.deepEqual(names.toSorted(), REQUIRED.toSorted());
  const titles = STEPS.map(({ name }, index) => `${index + 1}/${STEPS.length} ${name}`);
  assert.deepEqual(firstCells("4. Deploy"), titles);
});

Deno.test("each command of docs/deploy.md exists, with its options", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  assert.doesNotMatch(page, /npx (-y )?supabase/);
  const commands = [...page.matchAll(/npx -y deno@2\.9\.5 task ([^`\n]+)/g)];
  assert.ok(commands.length >= 10);
  for (const [, line = ""] of commands) {
    const [name = ""] = line.split(" ");
    if (name === "supabase") {
      assert.match(line, / (login|link --project-ref <ref>|migration repair .* --remote)$/);
      continue;
    }
    const [path = ""] = /local\/commands\/\w+\.ts/.exec(tasks[name]?.command ?? "") ?? [];
    assert.notEqual(path, "", line);
    const { default: definition } = await import(new URL(path, ROOT).href);
    for (const [option] of line.matchAll(/--[a-z-]+/g)) {
      assert.ok(definition.help.includes(option), `${name} ${option}`);
    }
  }
  const { version } = JSON.parse(await read("local/supabase/cli_lock.json"));
  assert.equal(version, "3.1.0");
});

Deno.test("each link of docs/deploy.md leads to a heading that exists", async () => {
  const links = [...page.matchAll(/\]\(((?!https?:)[^)]+)\)/g)].map(([, link = ""]) => link);
  assert.ok(links.length >= 8);
  for (const link of links) {
    const [file = "", anchor] = link.split("#");
    const text = file === "" ? page : await read(`docs/${file}`);
    const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-")
    );
    if (anchor !== undefined) assert.ok(anchors.includes(anchor), link);
  }
});

Deno.test("each address that docs/deploy.md gives to a vendor is a function", async () => {
  const found = [...page.matchAll(/supabase\.co\/functions\/v1\/([a-z-]+)/g)];
  assert.equal(found.length, 4);
  for (const [, name] of found) await Deno.stat(new URL(`functions/${name}/index.ts`, ROOT));
});
