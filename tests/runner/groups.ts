/** The groups of test files: each is one process, whose files share imports and a stack. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface TestGroup {
  name: string;
  /** Relative to the repository. */
  files: string[];
  /** Unit tests need none: they run while it is being made. */
  needsDatabase: boolean;
  /** Whether it runs on the Deno of the hosted functions. */
  isHosted: boolean;
}

/** Folders of unit tests, next to their sources. */
const UNITS = ["local", "tests/runner"];

/** Those of what is uploaded run once, on the Deno that the platform has. */
const HOSTED_UNITS = ["shared", "functions"];

/**
 * Folders of stories, those that share a process together: each process starts a stack, and compiles
 * what the others have compiled too. The longest come first: a long one at the end would run alone.
 */
const STORIES = [
  ["console", "chaos", "hosted", "deploy"],
  ["stack"],
  ["orders"],
  ["billing"],
  ["account", "connections", "security"],
  ["labels"],
];

/** Into how many groups a folder is split that would run longest: its files are dealt out in turn. */
const PARTS: Record<string, number> = { stack: 2, labels: 2 };

/** Files that run only by a task of their own: `test:deploy` takes a minute. */
const OWN_TASKS = ["tests/deploy/deploy_test.ts"];

/** Test files of a folder and of the folders in it. */
async function findTests(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await findTests(path));
    else if (name.endsWith("_test.ts")) found.push(path);
  }
  return found.sort();
}

function split(name: string, files: string[], parts: number): TestGroup[] {
  return Array.from({ length: parts }, (_, part) => ({
    name: parts === 1 ? name : `${name} (${part + 1} of ${parts})`,
    files: files.filter((_, index) => index % parts === part),
    needsDatabase: true,
    isHosted: false,
  }));
}

/** Every test file except those of `OWN_TASKS`, in the order in which the groups start. */
export async function findGroups(): Promise<TestGroup[]> {
  const [units, hostedUnits] = await Promise.all(
    [UNITS, HOSTED_UNITS].map(async (folders) =>
      (await Promise.all(folders.map(findTests))).flat()
    ),
  ) as [string[], string[]];
  const all = await findTests("tests");
  const folders = new Set(all.map((file) => file.split("/")[1] as string));
  for (const known of ["runner", ...STORIES.flat()]) folders.delete(known);
  const stories = [...STORIES, ...[...folders].map((name) => [name])].flatMap((names) => {
    const name = names.map((name) => `tests/${name}`).join(", ");
    const files = names.flatMap((name) => all.filter((file) => file.startsWith(`tests/${name}/`)))
      .filter((file) => !OWN_TASKS.includes(file));
    return split(name, files, PARTS[names[0] as string] ?? 1);
  });
  const unit = { needsDatabase: false, isHosted: false };
  return [
    { ...unit, name: "unit tests of the local stack", files: units },
    { ...unit, name: "unit tests of the functions", files: hostedUnits, isHosted: true },
    ...stories,
  ];
}
