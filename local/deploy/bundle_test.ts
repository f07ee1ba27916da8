import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FunctionConfig } from "../functions/config.ts";
import { type Bundle, BundleError, bundleFunctions, readUpload } from "./bundle.ts";
import { readImports } from "./bundle_files.ts";
import { readMaps, traceStack } from "./trace_stack.ts";

interface Sources extends AsyncDisposable {
  folder: string;
  functions: FunctionConfig[];
}

/**
 * Writes functions into a folder of their own.
 * @param sources Their entry points.
 * @param others Further files of each, by name.
 */
async function writeSources(
  sources: Record<string, string>,
  others: Record<string, string> = {},
): Promise<Sources> {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-bundles-" });
  const functions: FunctionConfig[] = [];
  for (const [name, source] of Object.entries(sources)) {
    const path = join(folder, "sources", name, "index.ts");
    await Deno.mkdir(join(folder, "sources", name), { recursive: true });
    for (const [file, text] of Object.entries({ ...others, "index.ts": source })) {
      await Deno.writeTextFile(join(folder, "sources", name, file), text);
    }
    functions.push({ name, verifyJwt: false, entrypoint: pathToFileURL(path).href });
  }
  return {
    folder,
    functions,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const trace = async (bundle: Bundle, stack: string) =>
  traceStack(stack, await readUpload(bundle), await readMaps(bundle.mapFolder));

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

/** Loads two modules with its first request, which share a third one with it. */
const SPLIT = `import { count } from "./shared.ts";
const load = [() => import("./lazy.ts"), () => import("./failing.ts")];
export default {
  fetch: async (request: Request) => (await load[count(request.url)]!()).answer(request),
};
`;

const SPLIT_FILES = {
  "shared.ts": "export const count = (text: string) => text.split('fail').length - 1;\n",
  "lazy.ts": `import { count } from "./shared.ts";
Object.assign(globalThis, { loaded: "lazy was loaded" });
export const answer = () => new Response(String(count("failfail")));
`,
  "failing.ts": `import { count } from "./shared.ts";
export function answer(request: Request): never {
  throw new RangeError(String(count(request.url)));
}
`,
};

interface Made extends Sources {
  /** The folder of the bundles. */
  out: string;
  failing: Bundle;
  fine: Bundle;
  /** A bundle of several files. */
  split: Bundle;
}

let made: Promise<Made> | undefined;

async function makeBundles(): Promise<Made> {
  const sources = await writeSources({ failing: FAILING, fine: FINE, split: SPLIT }, SPLIT_FILES);
  const out = join(sources.folder, "out");
  const [failing, fine, split] = await bundleFunctions(sources.functions, out);
  assert.ok(failing && fine && split);
  return { ...sources, out, failing, fine, split };
}

/** Bundles of right functions, made once for the tests, which only read them. */
const madeBundles = () => made ??= makeBundles();

Deno.test.afterAll(async () => {
  const sources = await made?.catch(() => undefined);
  await sources?.[Symbol.asyncDispose]();
});

const filesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("bundleFunctions() writes a folder a function, and source maps outside the upload", async () => {
  const { out, failing, fine, split } = await madeBundles();
  assert.deepEqual([failing, fine, split].map(({ name }) => name), ["failing", "fine", "split"]);
  assert.deepEqual(await filesIn(join(out, "functions")), ["failing", "fine", "split"]);
  for (const { name, path, files, mapFolder, bytes, startBytes } of [failing, fine]) {
    assert.equal(path, join(out, "functions", name, "index.js"));
    assert.equal(bytes, (await Deno.stat(path)).size);
    assert.equal(startBytes, bytes);
    assert.deepEqual(files, ["index.js"]);
    assert.deepEqual(await filesIn(join(out, "functions", name)), files);
    assert.equal(mapFolder, join(out, "maps", name));
    assert.deepEqual(await filesIn(mapFolder), ["index.js.map"]);
    const map = JSON.parse(await Deno.readTextFile(join(mapFolder, "index.js.map")));
    assert.equal(map.sourcesContent, undefined);
  }
});

Deno.test("what a function loads by import() is in files that its start does not read", async () => {
  const { split } = await madeBundles();
  const texts = await readUpload(split);
  const withText = (text: string) => [...texts].filter(([, code]) => code.includes(text));
  const [[lazyFile, lazy] = ["", ""], ...others] = withText("lazy was loaded");
  assert.notEqual(lazyFile, "index.js");
  assert.deepEqual(others, []);
  const shared = split.files.filter((file) => file.startsWith("chunk-"));
  const sizeOf = (file: string) => new TextEncoder().encode(texts.get(file)).length;
  const read = ["index.js", ...shared].reduce((sum, file) => sum + sizeOf(file), 0);
  assert.equal(split.startBytes, read);
  assert.ok(split.bytes >= read + lazy.length);

  const world = globalThis as { loaded?: string };
  const { default: app } = await import(pathToFileURL(split.path).href);
  assert.equal(world.loaded, undefined);
  const response = await app.fetch(new Request("http://host/"));
  assert.equal(await response.text(), "2");
  assert.equal(world.loaded, "lazy was loaded");
  delete world.loaded;
});

Deno.test("a stack of a bundle keeps its names, and traceStack() finds its source lines", async () => {
  const { failing } = await madeBundles();
  const { default: app } = await import(pathToFileURL(failing.path).href);
  let stack = "";
  try {
    app.fetch(new Request("http://host/7"));
  } catch (error) {
    stack = (error as Error).stack ?? "";
  }
  assert.match(stack, /^ShopNotFound: http:\/\/host\/7\n {4}at findConnectedShop \(/);
  // Platforms differ in the folder that they put a bundle into.
  for (const place of [failing.path, "/var/tmp/failing/index.js", "source/index.js"]) {
    const logged = stack.replaceAll(failing.path, place);
    const traced = await trace(failing, logged);
    assert.equal(traced.unknown, 0);
    assert.match(traced.text, /at findConnectedShop \(\S*sources\/failing\/index\.ts:7:9\)/);
    assert.match(traced.text, /at \S+ \(\S*sources\/failing\/index\.ts:10:\d+\)/);
    assert.doesNotMatch(traced.text, /index\.js/);
  }
});

Deno.test("traceStack() finds the source lines of a file that was loaded later", async () => {
  const { split } = await madeBundles();
  const { default: app } = await import(pathToFileURL(split.path).href);
  const error = await app.fetch(new Request("http://host/fail")).catch((error: Error) => error);
  assert.match(error.stack, /^RangeError: 1\n {4}at Module\.answer \(\S*\/failing-\w+\.js:/);
  const traced = await trace(split, error.stack);
  assert.match(traced.text, /at Module\.answer \(\S*sources\/split\/failing\.ts:3:9\)/);
  assert.match(traced.text, /sources\/split\/index\.ts:4:\d+/);
});

Deno.test("traceStack() counts the positions that are not in the maps, and keeps them", async () => {
  const { failing } = await madeBundles();
  const [line = ""] = (await readUpload(failing)).get("index.js")?.split("\n") ?? [];
  const cases: [position: string, unknown: number][] = [
    ["/var/tmp/failing-AAAAAAAA.js:1:2", 1],
    [`/var/tmp/index.js:1:${line.length + 1}`, 1],
    ["/var/tmp/index.js:99:1", 1],
    // The platform's own.
    ["ext:core/01_core.js:99:7", 0],
  ];
  for (const [position, unknown] of cases) {
    const text = `at answer (${position})`;
    assert.deepEqual(await trace(failing, text), { text, unknown }, position);
  }
  const both = "at index.js:99:1\nat index.js:98:1";
  assert.equal((await trace(failing, both)).unknown, 2);
});

Deno.test("bundleFunctions() gives the same files in another folder", async () => {
  const { folder, functions, split } = await madeBundles();
  const read = async (bundle: Bundle) =>
    [await readUpload(bundle), await readMaps(bundle.mapFolder)] as const;
  const [again] = await bundleFunctions(
    functions.filter(({ name }) => name === "split"),
    join(folder, "elsewhere", "out"),
  );
  assert.ok(again);
  assert.notEqual(again.path, split.path);
  assert.deepEqual(await read(again), await read(split));
});

/** Mistakes in one function before a right one, and the messages that refuse them. */
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
    await using sources = await writeSources({ wrong: source, fine: FINE });
    await assert.rejects(
      bundleFunctions(sources.functions, join(sources.folder, "out")),
      (error) => {
        assert.ok(error instanceof BundleError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

/** Files of others in the folder of bundles: each a path, and what it is. */
const OTHERS: [path: string, name: string][] = [
  ["functions/account/index.ts", "a source"],
  ["functions/account/shared/prices.js", "a file in a deeper folder"],
  ["functions/account/prices.js", "a script without our source map"],
  ["functions/README.md", "a file next to the folders"],
  ["maps/europe.png", "another file among the maps"],
  ["maps", "a file in place of the maps"],
];

for (const [path, name] of OTHERS) {
  Deno.test(`bundleFunctions() changes nothing in a folder with ${name}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "creatorflow-bundles-" });
    try {
      const write = async (file: string) => {
        await Deno.mkdir(dirname(join(folder, file)), { recursive: true });
        await Deno.writeTextFile(join(folder, file), file);
      };
      await write("functions/fine/index.js");
      if (path !== "maps") await write("maps/fine/index.js.map");
      await write(path);
      // The first file that is not ours; without maps the bundle is not either.
      const found = path === "maps" ? /has (maps|functions)/ : new RegExp(`has ${path}`);
      const before = await Array.fromAsync(Deno.readDir(folder));
      await assert.rejects(bundleFunctions([], folder), (error) => {
        assert.match((error as Error).message.replaceAll("\\", "/"), found);
        return true;
      });
      assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), before);
      for (const file of ["functions/fine/index.js", path]) {
        assert.equal(await Deno.readTextFile(join(folder, file)), file);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("bundleFunctions() replaces the bundles that it has written", async () => {
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-bundles-" });
  await cp((await madeBundles()).out, folder, { recursive: true });
  assert.deepEqual(await filesIn(folder), ["functions", "maps"]);
  await bundleFunctions([], folder);
  assert.deepEqual(await filesIn(folder), []);
  await Deno.remove(folder);
});

Deno.test("readImports() reads the forms of a minified bundle", () => {
  const code = [
    'import{Buffer as a}from"node:buffer";import*as b from"zod";import c,{d}from"./d.js";import"e";',
    'f=await import("node:os"),g=()=>import("./g.js"),h=import(i);export{m as n}from"./m.js";',
    'j.from("orders");k="Add `import \'x\'` first";l.import("m");export{a as default};',
  ].join("");
  assert.deepEqual(readImports(code), {
    fixed: ["zod", "./d.js", "e", "./m.js"],
    dynamic: ["./g.js", "i"],
  });
});
