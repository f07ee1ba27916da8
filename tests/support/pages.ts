/** The Markdown pages of this repository, and what they refer to. */

export const ROOT = new URL("../..", import.meta.url);

/** Folders whose files are not part of the repository. */
const SKIPPED = ["node_modules", "coverage"];

export interface Page {
  /** From the root of the repository, e.g. `docs/labels.md`. */
  path: string;
  text: string;
}

/** Paths of all files, from the root of the repository; hidden folders are left out. */
export async function listFiles(folder = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder || ".", ROOT))) {
    if (name.startsWith(".") || SKIPPED.includes(name)) continue;
    if (isDirectory) paths.push(...await listFiles(`${folder}${name}/`));
    else paths.push(`${folder}${name}`);
  }
  return paths;
}

export async function readPages(files: readonly string[]): Promise<Page[]> {
  const paths = files.filter((path) => path.endsWith(".md"));
  return await Promise.all(
    paths.map(async (path) => ({ path, text: await Deno.readTextFile(new URL(path, ROOT)) })),
  );
}

function withoutFences(text: string): string {
  return text.replace(/^ *```.*?^ *```$/gms, "");
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(
    headings.map(([, title = ""]) =>
      title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

/** The links of a page to files of this repository, from its root; the anchor is empty for a whole page. */
export function linksOf({ path, text }: Page): { target: string; anchor: string }[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const { pathname, hash } = new URL(link, `file:///${path}`);
      return { target: decodeURI(pathname.slice(1)), anchor: hash.slice(1) };
    });
}

/** Paths from the root of the repository; one with a placeholder (`functions/<name>/`) ends before it. */
export function pathsOf({ text }: Page): string[] {
  const path = /(?<![\w/.$@-])(?:bench|docs|functions|local|shared|supabase|tests)\/[\w./-]*/g;
  return [...text.matchAll(path)].map(([found]) => {
    const isPlaceholder = /^(?:.*\/)?[\w.-]*\.\.\./.test(found);
    return isPlaceholder ? found.replace(/[^/]*\.\.\..*$/, "") : found.replace(/[.-]+$/, "");
  });
}

/** Names of files without their folder, in backticks. */
export function fileNamesOf({ text }: Page): string[] {
  return [...text.matchAll(/`([\w-][\w.-]*\.(?:ts|sql|psql|toml|md))`/g)].map(([, name = ""]) =>
    name
  );
}

/** Names of deno tasks in commands, and in code such as `task start`. */
export function tasksOf({ text }: Page): string[] {
  return [...text.matchAll(/(?:\bdeno(?:@[\d.]+)? task|`task) ([a-z][\w:-]*)/g)]
    .map(([, name = ""]) => name);
}
