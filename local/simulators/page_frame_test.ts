import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { renderPage } from "./page_frame.tsx";

Deno.test("a simulated page takes the console's colours, by the one script that its policy lets in", async () => {
  const response = renderPage({ service: "Mail", title: "Mailbox" });
  const [, script = ""] = /<script>(.*?)<\/script>/s.exec(await response.text()) ?? [];
  assert.match(script, /localStorage\.getItem\("creatorflow-theme"\)/);
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'$/);
  assert.ok(policy.includes(`script-src 'sha256-${hash}'`));
});
