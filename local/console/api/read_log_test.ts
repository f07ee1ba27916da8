import assert from "node:assert/strict";
import { join } from "node:path";
import { readLog } from "./read_log.ts";

Deno.test("the log is read as it grows: whole lines, each once; a new file from its beginning", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "functions.log");
    assert.deepEqual(await readLog(path, 0), { lines: [], next: 0, isCut: false });
    await Deno.writeTextFile(
      path,
      `{"level":"info","message":"order stored","order":"1"}\nplain\nhal`,
    );
    const first = await readLog(path, 0);
    assert.deepEqual(first.lines, [
      { time: null, level: "info", text: "order stored order=1" },
      { time: null, level: null, text: "plain" },
    ]);
    await Deno.writeTextFile(path, "f\n", { append: true });
    const second = await readLog(path, first.next);
    assert.deepEqual(second.lines.map(({ text }) => text), ["half"]);
    assert.deepEqual((await readLog(path, second.next)).lines, []);
    await Deno.writeTextFile(path, "new\n");
    assert.deepEqual((await readLog(path, second.next)).lines.map(({ text }) => text), ["new"]);
    await Deno.writeTextFile(path, "x".repeat(99).concat("\n").repeat(3000));
    const long = await readLog(path, 0);
    assert.ok(long.isCut && long.lines.every(({ text }) => text.length === 99));
    assert.equal(long.next, 300_000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the spans of a call are shown as names and times", async () => {
  const path = await Deno.makeTempFile();
  try {
    const span = { span_id: "723001653977ce9a", start_ms: 0.1 };
    const spans = [
      { name: "POST /event-worker", ...span, duration_ms: 211.4 },
      { name: "SQL claim_events", ...span, duration_ms: 65 },
    ];
    const line = { time: "2026-11-29T09:20:00.347Z", level: "info", message: "spans", spans };
    await Deno.writeTextFile(path, `${JSON.stringify(line)}\n`);
    const { lines: [shown] } = await readLog(path, 0);
    assert.equal(shown?.text, "spans POST /event-worker 211 ms, SQL claim_events 65 ms");
  } finally {
    await Deno.remove(path);
  }
});
