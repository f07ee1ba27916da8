/** Without a network: what npm's cache has runs at once; what it lacks is named within seconds. */
import assert from "node:assert/strict";
import { HOSTED_DENO, hostedDeno } from "../../local/deploy/hosted_deno.ts";
import { npx } from "../../local/npm/npx.ts";

/** Port 1 refuses connections. */
const NO_NETWORK = { HTTPS_PROXY: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" };
const LIMIT_MS = 10_000;

interface Attempt {
  /** What it printed, or the error's message. */
  answer: string;
  /** The lines before npm fetches. */
  lines: string[];
  ms: number;
}

/** Runs node with the package, without a network. */
async function runOffline(environment: Record<string, string>): Promise<Attempt> {
  const startedAt = performance.now();
  const lines: string[] = [];
  const answer = await npx({
    package: `deno@${HOSTED_DENO}`,
    command: ["node", "-p", "1 + 1"],
    cwd: ".",
    environment: { ...NO_NETWORK, ...environment },
    onFetch: (line) => lines.push(line),
  }).catch(({ name, message }: Error) => `${name}: ${message}`);
  return { answer, lines, ms: performance.now() - startedAt };
}

Deno.test("attack: without a network npx runs what npm's cache has, and names what it lacks within 10 s", async () => {
  // The only call that may fetch it.
  await hostedDeno();
  // A wait for the registry would be seen as a minute.
  const cached = await runOffline({ npm_config_fetch_retry_mintimeout: "60000" });
  assert.deepEqual([cached.answer, cached.lines], ["2", []]);

  const cache = await Deno.makeTempDir();
  const missing = await runOffline({ npm_config_cache: cache });
  assert.match(missing.answer, /^NpmError: deno@2\.1\.4 is missing: .*Connect to the network/);
  assert.match(missing.lines.join("\n"), /^npm's cache does not have deno@2\.1\.4/);
  // It starts npm twice, which is slow on a busy machine.
  assert.ok(missing.ms < LIMIT_MS + 2 * cached.ms, `${missing.ms} ms, a start ${cached.ms} ms`);
  await Deno.remove(cache, { recursive: true });
});
