/** `deno task deploy --check` refuses purpose-made mistakes; tests/hosted/functions_test.ts checks our functions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { checkDeployment } from "../../local/deploy/check.ts";

const FINE = "export default { fetch: () => new Response() };\n";

/** The name of a function of ours: it receives that function's variables. */
const OURS = "carrier-webhooks";

/** A right function, which needs its variable at its start. */
const NEEDY = `if (!Deno.env.get("EASYPOST_WEBHOOK_SECRET")) throw new Error("unset");\n${FINE}`;

interface CheckOptions {
  verifyJwt?: boolean;
  /** Files next to the source, by name. */
  others?: Record<string, string>;
}

/** Checks one function next to a right one. */
async function checkSource(
  source: string,
  { verifyJwt = false, others = {} }: CheckOptions = {},
): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  try {
    for (const [name, text] of [[OURS, NEEDY], ["wrong", source]] as const) {
      await Deno.mkdir(join(folder, "functions", name), { recursive: true });
      await Deno.writeTextFile(join(folder, "functions", name, "index.ts"), text);
    }
    for (const [name, text] of Object.entries(others)) {
      await Deno.writeTextFile(join(folder, "functions", "wrong", name), text);
    }
    const section = (name: string, verify: boolean) =>
      `[functions.${name}]\nverify_jwt = ${verify}\nentrypoint = "./functions/${name}/index.ts"\n`;
    const path = join(folder, "config.toml");
    await Deno.writeTextFile(path, section(OURS, false) + section("wrong", verifyJwt));
    return await checkDeployment(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("deploy --check: the CLI uploads every file of a function that loads some of them later", async () => {
  const lines = await checkSource(
    `import { text } from "./shared.ts";
    export default { fetch: async () => new Response(text + (await import("./lazy.ts")).text) };`,
    {
      others: {
        "shared.ts": `export const text = '${"shared ".repeat(100)}';`,
        "lazy.ts": "export { text } from './shared.ts';",
      },
    },
  );
  assert.match(lines[1] ?? "", /^ok {2}wrong: 3 files of 1 kB, 1 kB at the start, /);
});

Deno.test("deploy --check refuses verify_jwt = true", async () => {
  await assert.rejects(
    checkSource(FINE, { verifyJwt: true }),
    /verify_jwt has to be false .*: wrong$/,
  );
});

Deno.test("deploy --check refuses an import of a file that is not uploaded", async () => {
  const source = `const file = "./" + "x.ts";\nexport const x = await import(file);\n${FINE}`;
  await assert.rejects(checkSource(source), /wrong: its bundle imports what is not uploaded/);
});

Deno.test("deploy --check refuses a method that the platform's Deno lacks, and names the function", async () => {
  const source = `export const key = Uint8Array.fromBase64("AAAA");\n${FINE}`;
  const message =
    /^Error: wrong does not start on the hosted runtime: .*fromBase64 is not a function/s;
  await assert.rejects(checkSource(source), message);
});
