import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("functions_trace.ts", import.meta.url));

/** Runs the command with a bundle of `account` whose one map leads from 1:1 to `functions/account/index.ts:1:1`. */
async function trace(name: string, input: string): Promise<{ code: number; text: string }> {
  const out = await Deno.makeTempDir({ prefix: "creatorflow-bundles-" });
  try {
    for (const part of ["functions", "maps"]) {
      await Deno.mkdir(join(out, part, "account"), { recursive: true });
    }
    const map = {
      version: 3,
      sources: ["functions/account/index.ts"],
      names: [],
      mappings: "AAAA",
    };
    await Deno.writeTextFile(join(out, "functions/account/index.js"), "fail();\n");
    await Deno.writeTextFile(join(out, "maps/account/index.js.map"), JSON.stringify(map));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", COMMAND, name, "--out", out],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    // A command that refuses its arguments does not read.
    const written = new Blob([input]).stream().pipeTo(child.stdin).catch(() => {});
    const { code, stdout } = await child.output();
    await written;
    return { code, text: new TextDecoder().decode(stdout) };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

Deno.test("functions:trace prints source lines, and counts the positions that it does not find", async () => {
  const position = "    at fail (/var/tmp/index.js:1:1)\n";
  const source = "    at fail (functions/account/index.ts:1:1)\n";
  assert.deepEqual(await trace("account", position), { code: 0, text: source });
  const { code, text } = await trace("account", `${position}    at index.js:1:99\n`);
  assert.equal(code, 0);
  assert.equal(
    text,
    `${source}    at index.js:1:99\n\n1 position is not in these maps: is this the deployed commit?\n`,
  );
});

Deno.test("functions:trace refuses an unknown function, a function without a bundle, and no input", async () => {
  const cases: [name: string, input: string, code: number, message: RegExp][] = [
    ["nope", "index.js:1:1", 2, /^There is no function nope; the functions are .*\baccount\b/],
    [
      "health",
      "index.js:1:1",
      1,
      / has no bundle of health\. Make it first: .* functions:bundle\n$/,
    ],
    ["account", " \n", 2, /^There is nothing to trace\.\n/],
  ];
  for (const [name, input, code, message] of cases) {
    const refused = await trace(name, input);
    assert.match(refused.text, message);
    assert.equal(refused.code, code, name);
  }
});
