import assert from "node:assert/strict";
import { downloadResponse } from "./download.ts";

const FILE = { fileName: "a.csv", contentType: "text/csv" };

Deno.test("a download is sent as an attachment that no cache keeps", async () => {
  async function* content() {
    yield "a";
    yield new TextEncoder().encode("ü");
  }
  const response = await downloadResponse(content(), {
    ...FILE,
    headers: { "x-next-cursor": "c" },
  });
  assert.equal(response.headers.get("content-disposition"), 'attachment; filename="a.csv"');
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-next-cursor"), "c");
  assert.equal(await response.text(), "aü");
});

Deno.test("an error before the first chunk is thrown, so that it becomes a problem response", async () => {
  // deno-lint-ignore require-yield -- it fails first
  async function* content(): AsyncGenerator<string> {
    throw new Error("gone");
  }
  await assert.rejects(downloadResponse(content(), FILE), /gone/);
});

Deno.test("an error after the first chunk breaks the download off", async () => {
  async function* content() {
    yield "a";
    throw new Error("gone");
  }
  const response = await downloadResponse(content(), FILE);
  await assert.rejects(response.text(), /gone/);
});

Deno.test("a caller who goes away ends the reading", async () => {
  let read = 0;
  let ended = false;
  async function* content() {
    try {
      while (true) yield `${++read}`;
    } finally {
      ended = true;
    }
  }
  const response = await downloadResponse(content(), FILE);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  assert.ok(ended);
  assert.ok(read < 5, "it reads no further than the caller");
});
