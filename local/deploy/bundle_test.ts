import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BundleError, bundleFunctions, foreignImports } from "./bundle.ts";
import { traceStack } from "./trace_stack.ts";

/** Writes functions into a folder that is removed afterwards, bundles them there, and uses the result. */
async function withBundles(
  sources: Record<string, string>,
  use: (
    made: Promise<Awaited<ReturnType<typeof bundleFunctions>>>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-bundles-" });
  try {
    const functions = [];
    for (const [name, source] of Object.entries(sources)) {
      const path = join(folder, "sources", name, "index.ts");
      await Deno.mkdir(join(folder, "sources", name), { recursive: true });
      await Deno.writeTextFile(path, source);
      functions.push({ name, verifyJwt: false, entrypoint: pathToFileURL(path).href });
    }
    await use(bundleFunctions(functions, join(folder, "out")), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const FAILING = `
class ShopNotFound extends Error {
  override name = "ShopNotFound";
}

function findConnectedShop(id: string): never {
  throw new ShopNotFound(id);
}

export default { fetch: (request: Request) => findConnectedShop(request.url) };
`;

const FINE = "export default { fetch: () => new Response() };\n";

Deno.test("bundleFunctions() writes one file a function, and source maps outside the upload", async () => {
  await withBundles({ failing: FAILING, fine: FINE }, async (made, folder) => {
    const bundles = await made;
    assert.deepEqual(bundles.map(({ name }) => name), ["failing", "fine"]);
    for (const { name, path, mapPath, bytes } of bundles) {
      assert.equal(path, join(folder, "out", "functions", name, "index.js"));
      assert.equal(mapPath, join(folder, "out", "maps", `${name}.js.map`));
      assert.equal(bytes, (await Deno.stat(path)).size);
      const files = await Array.fromAsync(Deno.readDir(join(folder, "out", "functions", name)));
      assert.deepEqual(files.map((file) => file.name), ["index.js"]);
      const map = JSON.parse(await Deno.readTextFile(mapPath));
      assert.equal(map.sourcesContent, undefined);
    }
  });
});

Deno.test("a stack of a bundle keeps its names, and traceStack() finds its source lines", async () => {
  await withBundles({ failing: FAILING }, async (made) => {
    const [bundle] = await made;
    assert.ok(bundle);
    const { default: app } = await import(pathToFileURL(bundle.path).href);
    let stack = "";
    try {
      app.fetch(new Request("http://host/7"));
    } catch (error) {
      stack = (error as Error).stack ?? "";
    }
    assert.match(stack, /^ShopNotFound: http:\/\/host\/7\n {4}at findConnectedShop \(/);
    // Platforms differ in the folder that they put a bundle into.
    for (const place of [bundle.path, "/var/tmp/failing/index.js", "source/index.js"]) {
      const logged = stack.replaceAll(bundle.path, place);
      const traced = traceStack(logged, await Deno.readTextFile(bundle.mapPath));
      assert.match(traced, /at findConnectedShop \(\S*sources\/failing\/index\.ts:7:9\)/);
      assert.match(traced, /at \S+ \(\S*sources\/failing\/index\.ts:10:\d+\)/);
      assert.doesNotMatch(traced, /index\.js/);
    }
  });
});

Deno.test("bundleFunctions() gives the same bytes again", async () => {
  await withBundles({ failing: FAILING, fine: FINE }, async (first) => {
    await withBundles({ failing: FAILING, fine: FINE }, async (second) => {
      const read = async (made: typeof first) =>
        await Promise.all((await made).map(({ path }) => Deno.readTextFile(path)));
      assert.deepEqual(await read(first), await read(second));
    });
  });
});

/** Mistakes in one function next to a right one, and the messages that refuse them. */
const MISTAKES: Record<string, [source: string, message: RegExp]> = {
  "a bundle over 1 MB": [
    `export const table = "${"0123456789".repeat(110_000)}";\n${FINE}`,
    /^wrong: its bundle has 1\.10 MB; the limit is 1 MB\.$/,
  ],
  "an import of a file that does not exist": [
    `export { price } from "./price.ts";\n${FINE}`,
    /wrong\/price\.ts/,
  ],
  "an import of a file that is not uploaded": [
    `const file = "./" + "price.ts";\nexport const price = await import(file);\n${FINE}`,
    /^wrong: its bundle imports what is not uploaded: \w+$/,
  ],
  "a package that deno.lock does not have": [
    `import "npm:zod@^4.1.2";\n${FINE}`,
    // Without a network the registry's error comes first.
    /^deno bundle failed:\n[^]*(lockfile is out of date|registry|zod)/i,
  ],
};

for (const [mistake, [source, message]] of Object.entries(MISTAKES)) {
  Deno.test(`bundleFunctions() refuses ${mistake}`, async () => {
    await withBundles({ fine: FINE, wrong: source }, async (made) => {
      await assert.rejects(made, (error) => {
        assert.ok(error instanceof BundleError);
        assert.match(error.message, message);
        return true;
      });
    });
  });
}

Deno.test("foreignImports() reads the forms of a minified bundle", () => {
  const code = [
    'import{Buffer as a}from"node:buffer";import*as b from"zod";import c,{d}from"./d.js";import"e";',
    'f=await import("node:os"),g=()=>import("./g.js"),h=import(i);',
    'j.from("orders");k="Add `import \'x\'` first";l.import("m")',
  ].join("");
  assert.deepEqual(foreignImports(code), ["zod", "./d.js", "e", '"./g.js"', "i"]);
});
