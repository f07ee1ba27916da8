/** The console's paths, and what its page may do. */
import assert from "node:assert/strict";
import { bundleClient } from "./bundle_client.ts";
import { PAGES } from "./client/page_paths.ts";
import { createConsole, createNotFoundPage } from "./serve_console.ts";

const OPTIONS = {
  apiUrl: "http://127.0.0.1:54321",
  publishableKey: "sb_publishable_sample</meta><script>",
  turnedMonths: 0,
};
const serve = createConsole(OPTIONS);

function open(path: string, accept = "text/html,*/*", headers: HeadersInit = {}) {
  const request = new Request(`http://localhost:54321${path}`, {
    headers: { accept, host: "localhost:54321", ...headers },
  });
  return serve(request);
}

Deno.test("browsers get the console's page at / and below its sections; programs, and other paths, do not", async () => {
  for (const path of ["/", "/app?status=confirm", "/seller", "/seller/orders/1-2", "/world/"]) {
    const response = await open(path);
    assert.equal(response?.status, 200, path);
    assert.match(response?.headers.get("content-type") ?? "", /^text\/html/);
    assert.equal(await open(path, "application/json"), undefined, path);
    assert.equal(await open(path, "*/*"), undefined, path);
  }
  for (const path of ["/rest/v1/orders", "/functions/v1/health", "/sellers", "/console/x.js"]) {
    assert.equal(await open(path), undefined, path);
  }
  const post = new Request("http://localhost/", {
    method: "POST",
    headers: { accept: "text/html" },
  });
  assert.equal(await serve(post), undefined);
});

Deno.test("a browser gets the console's page with status 404 at an unknown address, a program nothing", () => {
  const show = createNotFoundPage(OPTIONS);
  const open = (accept: string, method = "GET") =>
    show(new Request("http://localhost:54321/nope", { method, headers: { accept } }));
  const page = open("text/html,*/*");
  assert.equal(page?.status, 404);
  assert.match(page?.headers.get("content-type") ?? "", /^text\/html/);
  assert.match(page?.headers.get("content-security-policy") ?? "", /^default-src 'none'/);
  assert.equal(open("*/*"), undefined);
  assert.equal(open("text/html", "POST"), undefined);
});

Deno.test("/operator leads to the inbox; an address below a section without a page is a 404", async () => {
  for (const path of ["/operator", "/operator/"]) {
    const response = await open(path);
    assert.deepEqual([response?.status, response?.headers.get("location")], [
      ...[302, "/operator/inbox"],
    ]);
    assert.equal(await open(path, "*/*"), undefined);
  }
  for (const path of ["/operator/x", "/world/x", "/seller/x", "/seller/orders/1/2", "/app/x"]) {
    const response = await open(path);
    assert.equal(response?.status, 404, path);
    assert.match(await response?.text() ?? "", /^<!doctype html>/);
  }
});

Deno.test("the server knows the pages of the routes", async () => {
  const pages = new URL("client/pages/", import.meta.url);
  const sources = await Promise.all(
    ["seller", "operator", "world"].map((name) =>
      Deno.readTextFile(new URL(`${name}/routes.ts`, pages))
    ),
  );
  const paths = sources.join("").matchAll(/(?:path: |entry\()"([^"]+)"/g);
  assert.deepEqual(Array.from(paths, ([, path]) => path).sort(), PAGES.toSorted());
  for (const path of PAGES) {
    assert.equal((await open(path.replace(":id", "1-2")))?.status, 200, path);
  }
});

Deno.test("the console's page runs only its own script, and calls only its own host", async () => {
  const response = await open("/");
  const policy = response?.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'/);
  assert.match(policy, /connect-src 'self' ws:\/\/localhost:54321 wss:\/\/localhost:54321$/);
  assert.match(policy, /img-src 'self' http:\/\/localhost:54321 http:\/\/127\.0\.0\.1:54321 /);
  assert.doesNotMatch(policy, /unsafe|\*|https:/);
  const html = await response?.text() ?? "";
  assert.ok(html.includes("sb_publishable_sample"));
  assert.ok(!html.includes("</meta><script>") && !html.includes("sb_secret"));
  assert.doesNotMatch(html, /<script(?! src="\/console\/)/);
});

Deno.test("the console's script is read and hashed once, until a file of it changes", async () => {
  const first = await bundleClient();
  assert.equal(await bundleClient(), first, "the same object");
  const response = await open("/console/app.js");
  assert.equal(response?.headers.get("etag"), `"${first.version}"`);
  assert.deepEqual(await response?.bytes(), first.code);
});

Deno.test("a file of the console that has not changed is not sent again", async () => {
  const response = await open("/console/style.css");
  const etag = response?.headers.get("etag") ?? "";
  const styles = await response?.text() ?? "";
  assert.ok(styles.includes("--accent") && styles.includes(".table"));
  const again = await open("/console/style.css", "*/*", { "if-none-match": etag });
  assert.equal(again?.status, 304);
  assert.equal(await again?.text(), "");
});
