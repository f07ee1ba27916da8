/** `deno task deploy --check` refuses purpose-made mistakes; tests/hosted/functions_test.ts checks our functions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { checkDeployment } from "../../local/deploy/check.ts";

const FINE = "export default { fetch: () => new Response() };\n";

/** The name of a function of ours: it receives that function's variables. */
const OURS = "carrier-webhooks";

/** A right function, which needs its variable at its start. */
const NEEDY = `if (!Deno.env.get("EASYPOST_WEBHOOK_SECRET")) throw new Error("unset");\n${FINE}`;

/** A right function that loads one of its files with a request. */
const LATE = {
  "index.ts": `import { text } from "./shared.ts";
  export default { fetch: async () => new Response(text + (await import("./lazy.ts")).text) };`,
  "shared.ts": `export const text = '${"shared ".repeat(100)}';`,
  "lazy.ts": "export { text } from './shared.ts';",
};

/** Checks one function before two right ones. */
async function checkSource(source: string, { verifyJwt = false } = {}): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  const functions = { wrong: { "index.ts": source }, [OURS]: { "index.ts": NEEDY }, late: LATE };
  try {
    let config = "";
    for (const [name, files] of Object.entries(functions)) {
      await Deno.mkdir(join(folder, "functions", name), { recursive: true });
      for (const [file, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(folder, "functions", name, file), text);
      }
      const isChecked = name === "wrong" && verifyJwt;
      config += `[functions.${name}]\nverify_jwt = ${isChecked}\n` +
        `entrypoint = "./functions/${name}/index.ts"\n`;
    }
    const path = join(folder, "config.toml");
    await Deno.writeTextFile(path, config);
    return await checkDeployment(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("deploy --check ends with a sentence: all checks passed, nothing was deployed", async () => {
  const lines = await checkSource(FINE);
  assert.match(lines[0] ?? "", /^ok {2}/);
  assert.equal(lines.at(-1), "All checks passed. Nothing was deployed.");
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

Deno.test("deploy --check refuses a method that the platform's Deno lacks, and names that function only: the CLI uploads every file of one that loads some later", async () => {
  const source = `export const key = Uint8Array.fromBase64("AAAA");\n${FINE}`;
  const message =
    /^Error: wrong does not start on the hosted runtime: .*fromBase64 is not a function/s;
  await assert.rejects(checkSource(source), (error) => {
    assert.match(String(error), message);
    // It lists every fault: the others start, and their uploads are whole.
    assert.doesNotMatch(String(error), new RegExp(`^(${OURS}|late)`, "m"));
    return true;
  });
});
