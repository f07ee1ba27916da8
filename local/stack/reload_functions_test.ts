/** A function whose file changes while the stack runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startFunctionProcess } from "../functions/process.ts";
import { until } from "../../tests/support/until.ts";
import { reloadOnChange } from "./reload_functions.ts";
import { Resources } from "./resources.ts";

const CONFIG = '[functions.greet]\nverify_jwt = false\nentrypoint = "./greet.ts"\n';

/** Answers at once, or when its caller has written the whole body. */
const greet = (word: string) =>
  `export default {
    fetch: async (request: Request) => new Response("${word}" + await request.text()),
  };`;

Deno.test({
  name:
    "a changed function answers as soon as it is loaded; a broken one is named, and the former answers",
  // The watched folder has its own threads.
  sanitizeOps: false,
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = join(folder, "greet.ts");
    await Deno.writeTextFile(join(folder, "config.toml"), CONFIG);
    await Deno.writeTextFile(path, greet("one"));
    const resources = new Resources(assert.fail);
    const functions = await startFunctionProcess({
      ...{ configPath: join(folder, "config.toml"), env: {}, onCrash: assert.fail },
      logFile: join(folder, "functions.log"),
    });
    resources.defer(() => functions.stop());
    const messages: string[] = [];
    await reloadOnChange(functions, resources, (message) => messages.push(message), [folder]);
    const url = "http://host/functions/v1/greet";
    const call = async (body: BodyInit = "") =>
      await (await functions.fetch(new Request(url, { method: "POST", body }))).text();
    const change = async (text: string) => {
      const count = messages.length;
      await Deno.writeTextFile(path, text);
      return await until("a message", () => Promise.resolve(messages[count]));
    };

    assert.equal(await call(), "one");
    const first = functions.pid();
    const slowBody = new TransformStream<Uint8Array>();
    const slow = call(slowBody.readable);
    const reloaded = await change(greet("two"));
    assert.match(reloaded, /^Functions reloaded in \d+\.\d\d s: \S*greet\.ts changed\.$/);
    assert.equal(await call(), "two");
    assert.notEqual(functions.pid(), first);
    await slowBody.writable.close();
    assert.equal(await slow, "one", "a request that was under way");

    const refused = await change("export default {\n  fetch( => 1,\n};");
    assert.match(refused, /^Functions not reloaded; the former ones still answer\. .*greet\.ts:2:/);
    assert.doesNotMatch(refused, /\n/);
    assert.equal(await call(), "two");

    await change(greet("three"));
    assert.equal(await call(), "three");
    await resources.stop();
    await Deno.remove(folder, { recursive: true });
  },
});
