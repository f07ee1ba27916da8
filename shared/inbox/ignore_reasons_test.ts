import assert from "node:assert/strict";
import { IGNORE_REASONS } from "./ignore_reasons.ts";

const PAGE = new URL("../../docs/inbox.md", import.meta.url);

Deno.test("docs/inbox.md lists every reason to ignore an event, with its sentence", async () => {
  const page = await Deno.readTextFile(PAGE);
  const [, table = ""] = page.split("(`shared/inbox/ignore_reasons.ts`):\n\n");

  const rows = (table.split("\n\n")[0] ?? "").split("\n").slice(2)
    .map((row) => row.split("|").slice(1, 3).map((cell) => cell.trim().replaceAll("`", "")));

  assert.deepEqual(rows, Object.entries(IGNORE_REASONS));
});
