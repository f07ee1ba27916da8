/** Names each test after its file, where several files are one module. */

type Definition = Parameters<typeof Deno.test>;

const register = Deno.test as (...definition: unknown[]) => void;

function addFile(file: string, [first, ...rest]: Definition): unknown[] {
  if (typeof first === "string") return [`${file} => ${first}`, ...rest];
  if (typeof first === "object") return [{ ...first, name: `${file} => ${first.name}` }, ...rest];
  throw new Error(`${file}: a test needs a name`);
}

let current = "";
const named = (...definition: Definition) => register(...addFile(current, definition));
Object.assign(Deno, { test: Object.assign(named, Deno.test) });

/** @param file Of the tests that are registered from now on. */
export function nameTests(file: string): void {
  current = file;
}
