/** Without a network: what npm's cache has runs at once; what it lacks is named within seconds. */
import assert from "node:assert/strict";
import { HOSTED_DENO, hostedDeno } from "../../local/deploy/hosted_deno.ts";
import { npx } from "../../local/npm/npx.ts";

/** Port 1 refuses connections. */
const NO_NETWORK = { HTTPS_PROXY: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" };
const LIMIT_MS = 10_000;
const PACKAGE = `deno@${HOSTED_DENO}`;

Deno.test("attack: without a network npx runs what npm's cache has, and asks no registry", async () => {
  // The only call that may fetch it.
  await hostedDeno();
  const fetched: string[] = [];
  const printed = await npx({
    package: PACKAGE,
    command: ["node", "-p", "1 + 1"],
    cwd: ".",
    environment: { ...NO_NETWORK, npm_config_fetch_retry_mintimeout: "60000" },
    onFetch: (line) => fetched.push(line),
  });
  assert.equal(printed, "2");
  assert.deepEqual(fetched, []);
});

Deno.test("attack: without a network and without a cache the missing package is named within 10 s", async () => {
  const cache = await Deno.makeTempDir();
  const startedAt = performance.now();
  const fetched: string[] = [];
  const running = npx({
    package: PACKAGE,
    command: ["node", "-p", "1 + 1"],
    cwd: ".",
    environment: { ...NO_NETWORK, npm_config_cache: cache },
    onFetch: (line) => fetched.push(line),
  });
  await assert.rejects(running, /^NpmError: deno@2\.1\.4 is missing: .*Connect to the network/);
  assert.match(fetched.join("\n"), /^npm's cache does not have deno@2\.1\.4/);
  assert.ok(performance.now() - startedAt < LIMIT_MS);
  await Deno.remove(cache, { recursive: true });
});
