/** Runs pgTAP files over an ordinary connection, without pg_prove and psql. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Never called: Deno installs only packages whose import it can see. */
export const pgtapPackage = () => import("@electric-sql/pglite-pgtap");

const TAR_BLOCK = 512;

/** Reads one file out of an unpacked tar. */
function readFromTar(tar: Uint8Array, name: string): string {
  const text = (start: number, length: number) =>
    new TextDecoder().decode(tar.subarray(start, start + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + TAR_BLOCK <= tar.length;) {
    const size = parseInt(text(at + 124, 12), 8) || 0;
    if (text(at, 100).endsWith(`/${name}`)) {
      return new TextDecoder().decode(tar.subarray(at + TAR_BLOCK, at + TAR_BLOCK + size));
    }
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
  throw new Error(`pgTAP's archive has no ${name}`);
}

async function readPgtap(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite-pgtap");
  const packed = await Deno.readFile(join(dirname(entry), "pgtap.tar.gz"));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return readFromTar(await new Response(unpacked).bytes(), "pgtap--1.3.5.sql");
}

/** Some of its functions, written to be faster. */
const NUMBERS = join(ROOT, "tests", "support", "pgtap_numbers.sql");

/** Installs pgTAP from its SQL file, so the server needs no extension. */
export async function installPgtap(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    // A copied database lacks the privileges on itself; the helpers create a schema.
    await sql.unsafe(`grant create on database ${new URL(adminUrl).pathname.slice(1)} to postgres`);
    const numbers = await Deno.readTextFile(NUMBERS);
    await sql.unsafe(`set search_path = extensions;\n${await readPgtap()}\n${numbers}`).simple();
  } finally {
    await sql.end();
  }
}

/** Functions that every file includes. A session makes them once: to make them again would drop its plans. */
const FUNCTIONS = join(ROOT, "supabase", "tests", "functions.psql");

/** The SQL of a file, with each `\ir` line of psql replaced by the file that it names. */
async function readTestFile(path: string): Promise<string> {
  const lines = (await Deno.readTextFile(path)).split("\n").map((line) => {
    const name = /^\\ir\s+(\S+)\s*$/.exec(line)?.[1];
    if (name === undefined) return line;
    const included = join(dirname(path), name);
    return included === FUNCTIONS ? "" : readTestFile(included);
  });
  return (await Promise.all(lines)).join("\n");
}

/** The problems in the TAP lines of a file; empty if it passed. */
export function judgeTap(lines: string[]): string[] {
  const wrongs: string[] = [];
  const plans: number[] = [];
  let ran = 0;
  let failing = false;
  for (const line of lines) {
    if (/^1\.\.\d+$/.test(line)) plans.push(Number(line.slice(3)));
    const isResult = /^(not )?ok\b/.test(line);
    if (isResult) {
      ran++;
      failing = line.startsWith("not ok");
    }
    // The comments after a failure explain it; the last one only counts.
    const isDiagnosis = line.startsWith("#") && !line.startsWith("# Looks like");
    if (failing && (isResult || isDiagnosis)) wrongs.push(line);
  }
  if (plans.length !== 1) wrongs.push(`${plans.length} plans instead of one`);
  else if (plans[0] !== ran) wrongs.push(`planned ${plans[0]} tests, but ran ${ran}`);
  if (ran === 0) wrongs.push("no test ran");
  return wrongs;
}

interface StatementResult extends Array<Record<string, unknown>> {
  command: string;
}

const textsOf = (rows: Record<string, unknown>[]) =>
  rows.flatMap((row) => Object.values(row))
    .filter((value) => typeof value === "string")
    .flatMap((value) => value.split("\n"));

/** Selects without a row: an assertion over an empty set would pass without a test. */
function findEmptySelects(results: StatementResult[]): string[] {
  const wrongs: string[] = [];
  let last = "the beginning";
  for (const rows of results) {
    if (rows.command === "SELECT" && rows.length === 0) {
      wrongs.push(`no row: a select after ${last}`);
    }
    last = textsOf(rows).findLast((line) => line.startsWith("ok ")) ?? last;
  }
  return wrongs;
}

function describeError(source: string, error: unknown): string {
  const { message, position } = error as { message: string; position?: string };
  if (position === undefined) return message;
  return `${message}, near: ${source.slice(Number(position) - 1).split("\n", 1)[0]}`;
}

/** One session for many files, as `postgres`, the role of migrations: it compiles functions once. */
export async function connectForPgtap(adminUrl: string): Promise<postgres.Sql> {
  const sql = postgres(adminUrl, {
    max: 1,
    // Its timer would outlive the test that connects.
    max_lifetime: null,
    onnotice: () => {},
    connection: { role: "postgres" } as Record<string, string>,
  });
  const functions = await Deno.readTextFile(FUNCTIONS);
  // With pgTAP's temporary table, empty: a file would make it, and the schema of such tables, and drop plans.
  await sql.unsafe(`
    begin;
    set local search_path = public, extensions;
    select plan(1);
    delete from __tcache__ where true;
    ${functions}
    commit;`).simple();
  return sql;
}

/** Ends what a file has left: the transaction of a failed one, settings, the number of the last assertion. */
const END_OF_FILE = [
  ...["rollback", "reset all", "unlisten *"],
  "select setval('pg_temp.__tresults___numb_seq', 1, false)",
];

/** Runs a file in the session of `connectForPgtap`. @throws {Error} with every failed assertion. */
export async function runPgtapFile(sql: postgres.Sql, path: string): Promise<void> {
  const source = await readTestFile(path);
  try {
    const results = await sql.unsafe(source).simple() as unknown as StatementResult[];
    const wrongs = [...judgeTap(results.flatMap(textsOf)), ...findEmptySelects(results)];
    if (wrongs.length > 0) throw new Error(wrongs.join("\n"));
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    throw new Error(describeError(source, error), { cause: error });
  } finally {
    // Statements one by one: in one text they would be one transaction.
    for (const statement of END_OF_FILE) await sql.unsafe(statement);
  }
}
