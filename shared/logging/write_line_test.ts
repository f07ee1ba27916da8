import assert from "node:assert/strict";
import { log } from "../log.ts";
import { runInContext } from "./context.ts";
import { FIELDS } from "./fields.ts";
import { LINES, parseLine } from "./lines.ts";
import { LineTrace } from "./line_trace.ts";
import { LineVolume } from "./volume.ts";
import { flushLines, MAX_LINE_LENGTH, toLine } from "./write_line.ts";

/** The limit of the platform: supabase.com/docs/guides/functions/limits. */
const PLATFORM_LINES = 100;
const PLATFORM_MS = 10_000;

/** Lines that `work` writes, as the platform receives them. */
async function linesOf(work: () => void | Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const { info, warn, error } = console;
  const collect = (line: string) => void lines.push(line);
  Object.assign(console, { info: collect, warn: collect, error: collect });
  try {
    await work();
  } finally {
    Object.assign(console, { info, warn, error });
  }
  return lines;
}

Deno.test("a line has its own fields, then those of its request, and fits its schema", async () => {
  const request_id = crypto.randomUUID();
  const fields = { function: "billing", request_id, shop_id: null };
  const lines = await linesOf(() =>
    runInContext({ fields }, async () => {
      await Promise.resolve();
      log.warn("shop paused", { shop_id: "7", reason: "inactive" });
      log.info("shop resumed");
    })
  );
  const resumed = lines.map(parseLine)[1];
  assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? "")).slice(2), [
    ...["message", "shop_id", "reason", "function", "request_id"],
  ]);
  assert.deepEqual({ ...resumed, time: "" }, {
    ...{ time: "", level: "info", message: "shop resumed", function: "billing", request_id },
  });
});

Deno.test("a line of another shape is refused: an unknown message, level, field or value", () => {
  const line = { time: "2026-11-01T00:00:00.000Z", level: "warn", message: "shop paused" };
  parseLine(JSON.stringify({ ...line, reason: "inactive" }));
  for (
    const wrong of [
      { message: "shop is paused" },
      { level: "info" },
      { email: "rosa@example.com" },
      { shop_id: "Rosa" },
      { request_id: "sb_secret_1" },
      { time: "yesterday" },
    ]
  ) assert.throws(() => parseLine(JSON.stringify({ ...line, ...wrong })), Error);
});

Deno.test("a line that would be too long keeps its shape, within 10,000 characters", () => {
  const span = { name: "SQL ingest_orders", span_id: "0".repeat(16), start_ms: 1, duration_ms: 2 };
  const common = { time: "2026-11-01T00:00:00.000Z", level: "info", message: "spans" };
  const text = toLine({ ...common, spans: Array.from({ length: 500 }, () => span) });
  assert.ok(text.length <= MAX_LINE_LENGTH);
  const { spans, spans_left_out } = parseLine(text) as { spans: []; spans_left_out: number };
  assert.ok(spans.length > 50);
  assert.equal(spans.length + spans_left_out, 500);

  const long = toLine({
    ...common,
    level: "error",
    message: "request failed",
    error: "x".repeat(20_000),
  });
  assert.ok(long.length < 1000);
  parseLine(long);
});

Deno.test("a flood stays within the platform's limit in every 10 s, and no line is lost uncounted", () => {
  const volume = new LineVolume(0);
  const written: number[] = [];
  let counted = 0;
  const summarize = (now: number) => {
    const { lines = {} } = volume.take(now) ?? {};
    for (const count of Object.values(lines)) counted += count;
    written.push(now);
  };
  const admit = (
    now: number,
    ...line: Parameters<LineVolume["admit"]> extends [...infer L, number] ? L : never
  ) => {
    if (volume.isDue(now)) summarize(now);
    if (volume.admit(...line, now)) written.push(now);
  };
  // Quiet, then 500 webhooks a second with their spans, half of them refused.
  for (let now = 60_000; now < 120_000; now += 2) {
    admit(now, "info", "webhook received", undefined);
    admit(now, "info", "spans", undefined);
    admit(now, "warn", "request failed", "invalid_signature");
  }
  const summaries = 6;
  summarize(120_000);
  assert.equal(counted + written.length - summaries, 90_000);
  for (const start of written) {
    const inWindow = written.filter((time) => time >= start && time < start + PLATFORM_MS).length;
    assert.ok(inWindow < PLATFORM_LINES, `${inWindow} lines from ${start}`);
  }
  // Four workers that share the limit stay within it once the flood lasts.
  assert.ok(
    written.filter((time) => time >= 110_000 && time < 120_000).length * 4 < PLATFORM_LINES,
  );
});

Deno.test("errors have their own allowance, and those beyond it are named by message and code", async () => {
  const lines = await linesOf(() =>
    runInContext({ fields: { function: "flooded" } }, () => {
      for (let n = 0; n < 50; n++) log.info("event processed", { outcome: "inserted" });
      for (let n = 0; n < 50; n++) log.error("request failed", { status: 503, code: "not_stored" });
      flushLines();
    })
  );
  const parsed = lines.map(parseLine);
  assert.equal(
    parsed.filter(({ level, message }) => level === "error" && message === "request failed").length,
    30,
  );
  const { level, lines: counts } = parsed.at(-1) as Record<string, unknown>;
  assert.equal(level, "error");
  assert.deepEqual(counts, { "event processed": 30, "request failed: not_stored": 20 });
});

Deno.test("after the counts were written at a worker's end, the allowances begin again", async () => {
  const flood = () =>
    linesOf(() =>
      runInContext({ fields: { function: "ended" } }, () => {
        for (let n = 0; n < 50; n++) log.info("event processed", { outcome: "inserted" });
        flushLines();
      })
    );
  const first = await flood();
  assert.equal(first.length, 20 + 1);
  const withoutTime = (lines: string[]) => lines.map((line) => ({ ...parseLine(line), time: "" }));
  assert.deepEqual(withoutTime(await flood()), withoutTime(first));
});

Deno.test("the spans of a trace are one line when the last has ended, later ones another", () => {
  const lines: Parameters<ConstructorParameters<typeof LineTrace>[0]>[0][] = [];
  const trace = new LineTrace((line) => lines.push(line));
  const request = trace.begin("POST /tiktok-webhooks");
  const sql = trace.begin("SQL receive_webhook_event", request.id);
  request.end();
  assert.equal(lines.length, 0);
  sql.end("DatabaseError: receive_webhook_event failed");
  const [first] = lines;
  assert.equal(first?.trace_id, trace.id);
  assert.deepEqual(first?.spans.map(({ name, parent_id, error }) => [name, parent_id, error]), [
    ["POST /tiktok-webhooks", undefined, undefined],
    ["SQL receive_webhook_event", request.id, "DatabaseError: receive_webhook_event failed"],
  ]);
});

Deno.test("every message of the code is in the table, and every message of the table in the code", async () => {
  const used = new Set<string>();
  for (const folder of ["shared", "functions"]) {
    await collectMessages(new URL(`../../${folder}/`, import.meta.url), used);
  }
  used.add("lines left out");
  assert.deepEqual([...used].sort(), Object.keys(LINES).sort());
});

async function collectMessages(folder: URL, used: Set<string>): Promise<void> {
  const call = /\blog\.(?:(?:info|warn|error)\(|at\(\s*[\w.]+,)\s*"([^"]+)"/g;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await collectMessages(new URL(`${name}/`, folder), used);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) {
      const text = await Deno.readTextFile(new URL(name, folder));
      for (const [, message = ""] of text.matchAll(call)) used.add(message);
    }
  }
}

/** Rows of a table of docs/logs.md by their first cell. */
async function readTable(title: string): Promise<Map<string, string[]>> {
  const text = await Deno.readTextFile(new URL("../../docs/logs.md", import.meta.url));
  const section = text.split(/^## /m).find((part) => part.startsWith(title)) ?? "";
  const rows = section.split("\n").filter((row) => row.startsWith("| `"));
  return new Map(rows.map((row) => {
    const [, first = "", ...cells] = row.split("|").map((cell) => cell.trim());
    return [first.replaceAll("`", ""), cells];
  }));
}

Deno.test("docs/logs.md has every field with its values, and every line with its levels and fields", async () => {
  const fieldRows = await readTable("Fields");
  assert.deepEqual([...fieldRows.keys()], Object.keys(FIELDS));
  for (const [name, schema] of Object.entries(FIELDS)) {
    const values = fieldRows.get(name)?.[0] ?? "";
    for (const value of "options" in schema ? schema.options : []) {
      assert.ok(values.includes(`\`${value}\``), `${name}: ${value}`);
    }
  }
  const lineRows = await readTable("Lines");
  assert.deepEqual([...lineRows.keys()], Object.keys(LINES));
  for (const [message, { levels, fields }] of Object.entries(LINES)) {
    const documented = fields.map((field) => `\`${field}\``).join(", ");
    assert.deepEqual(lineRows.get(message)?.slice(0, 2), [levels.join(", "), documented], message);
  }
});
