/** Git ignores every file and folder that the pages ask people to create. */
import assert from "node:assert/strict";
import { listFiles, readPages, ROOT } from "../support/pages.ts";

/** Ways in which a command or a sentence creates a file or a folder; each names it, a copy with its suffix. */
const CREATIONS = [
  /\bsed -i(?<suffix>\.\w+) .* ([\w./-]+)$/gm,
  /\btask db:backup ([\w./-]+)/g,
  /--data[ =]([\w./-]+)/g,
  /--(?:env-)?file[ =]([\w./-]+)/g,
  /\btouch ([\w./-]+)/g,
  /(?<=\s)>>? ([A-Za-z.][\w./-]*)(?= |$)/gm,
  /[Ss]ave (?:this|it) as `([\w./-]+)`/g,
];

/** Blocks and inline code, without the placeholders of usage lines such as FILE. */
function createdFiles(text: string): string[] {
  const commands = [
    ...text.matchAll(/^ {4,}.+$/gm),
    ...text.matchAll(/^```\w*$[^]*?^```$/gm),
    ...text.matchAll(/`[^`\n]+`|[Ss]ave (?:this|it) as `[^`]+`/g),
  ].map(([code]) => code).join("\n");
  return CREATIONS.flatMap((pattern) => [...commands.matchAll(pattern)])
    .map((found) => `${found.at(-1)}${found.groups?.suffix ?? ""}`)
    .filter((path) => !/^[A-Z]+$/.test(path) && !path.startsWith("/"));
}

/** Whether git would leave out `path`, which need not exist. */
async function isIgnored(path: string): Promise<boolean> {
  const { code } = await new Deno.Command("git", {
    args: ["check-ignore", "--quiet", "--no-index", path],
    cwd: ROOT,
  }).output();
  return code === 0;
}

Deno.test("git ignores the secrets, backups and data folders that the pages ask people to create", async () => {
  const pages = await readPages(await listFiles());
  const created = new Set(pages.flatMap(({ text }) => createdFiles(text)));
  for (const known of ["secrets.env", "creatorflow.backup", "creatorflow.dump", "restored"]) {
    assert.ok(created.has(known), `${known} is not found in ${[...created].join(", ")}`);
  }
  const kept: string[] = [];
  for (const path of created) {
    // A data folder matters for what is in it.
    if (!await isIgnored(path) && !await isIgnored(`${path}/keys.json`)) kept.push(path);
  }
  assert.deepEqual(kept, []);
});
