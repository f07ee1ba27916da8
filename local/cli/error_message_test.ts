import assert from "node:assert/strict";
import { join } from "node:path";
import * as z from "zod";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { callCommand } from "../../tests/support/run_command.ts";
import { checkBackup } from "../backup/read_file.ts";
import { errorMessage } from "./error_message.ts";

/** The message about what `run` throws. */
async function messageOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    return errorMessage(error);
  }
  assert.fail("nothing was thrown");
}

/** A folder below a file: no user can write there, root included. */
async function blockedPath(): Promise<string> {
  return join(await Deno.makeTempFile(), "folder");
}

Deno.test("attack: a folder or file that cannot be written is one sentence with the way out", async () => {
  const path = await blockedPath();
  const attempts = [
    () => Deno.mkdir(path, { recursive: true }),
    () => Deno.writeTextFile(path, ""),
    () => Deno.open(path, { create: true, write: true }),
    () => Deno.rename(Deno.makeTempFileSync(), path),
  ];
  for (const attempt of attempts) {
    const message = await messageOf(attempt);
    assert.ok(message.startsWith(`${path} cannot be written (`), message);
    assert.match(message, /\)\. Allow this user to write there, or name another place\.$/);
    assert.doesNotMatch(message, /os error|\n/);
  }
  const temporary = await messageOf(() => Deno.makeTempDir({ dir: path }));
  assert.match(temporary, /temporary files cannot be written .*TMPDIR/);
});

Deno.test("attack: a file that cannot be read, and a server that does not answer, are one sentence", async () => {
  const path = await blockedPath();
  const unread = await messageOf(() => Deno.readTextFile(path));
  assert.match(unread, /folder cannot be read \(Not a directory\)\. Check the path/);
  const refused = errorMessage(new Error("connect ECONNREFUSED 127.0.0.1:1"));
  assert.match(refused, /^Nothing answers at 127\.0\.0\.1:1 \(ECONNREFUSED\)\. Check the address/);
});

Deno.test("a folder or nothing in the place of a file is a sentence of each command without error numbers", async () => {
  const folder = await Deno.makeTempDir();
  const nothing = join(folder, "nothing");
  const ring = parseKeyRing(`k1:${new Uint8Array(32).toBase64()}`);
  const cases: [text: string, path: string, reason: string][] = [
    [await messageOf(() => checkBackup(folder, ring)), folder, "Is a directory"],
    [await messageOf(() => checkBackup(nothing, ring)), nothing, "No such file or directory"],
  ];
  const url = ["--url", "http://127.0.0.1:1"];
  for (
    const [command, ...args] of [
      ["deploy", "--secrets", folder, "--state", folder],
      ["probe", ...url, "--secrets", folder],
      ["start", "--data", folder, "--variables", folder],
      ["db_task", folder],
    ]
  ) {
    const { text } = await callCommand(command as string, args);
    cases.push([text, folder, "Is a directory"]);
  }
  for (const [text, path, reason] of cases) {
    assert.ok(text.includes(`${path} cannot be read (${reason}). Check the path`), text);
    assert.doesNotMatch(text, /os error/);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("every other error keeps its message", () => {
  assert.equal(errorMessage(new Error("Refused: no terminal.")), "Refused: no terminal.");
});

Deno.test("an answer of another form is one sentence about its fields, without Zod's JSON and values", async () => {
  const Answer = z.object({ path: z.string(), events: z.array(z.object({ id: z.uuid() })) });
  const said = await messageOf(() => Answer.parse({ path: 1, events: [{ id: "secret" }] }));
  assert.equal(
    said,
    "An answer or a file does not have the expected form. path: expected a text, not a number. " +
      "events.0.id: expected a UUID.",
  );
});
