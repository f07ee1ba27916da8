/** Notices that the functions' files have changed. */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Folders and files that functions are made of. */
export const FUNCTION_SOURCES = ["functions", "shared", "supabase/config.toml", "import_map.json"]
  .map((path) => join(ROOT, path));

/** An editor writes a file in several steps. */
const QUIET_MS = 50;

const CHANGES: Deno.FsEvent["kind"][] = ["create", "modify", "rename", "remove"];

function isSource(path: string): boolean {
  return /\.(tsx?|json|toml)$/.test(path) && !/_test\.tsx?$/.test(path);
}

/** Folders to watch: an editor may put another file in the place of a watched one. */
async function foldersOf(paths: string[]): Promise<{ deep: string[]; flat: string[] }> {
  const deep: string[] = [];
  const flat: string[] = [];
  for (const path of paths) {
    if ((await Deno.stat(path)).isDirectory) deep.push(path);
    else flat.push(join(path, ".."));
  }
  return { deep, flat };
}

export interface SourceWatch {
  /** Resolves when no change is being handled any more. */
  stop(): Promise<void>;
}

/**
 * Calls `onChange` after each change, with the files as a person names them; one call at a time, and changes
 * during a call lead to one more.
 * @param paths Files, and folders with everything in them. Absolute.
 */
export async function watchSources(
  paths: string[],
  onChange: (files: string[]) => Promise<void>,
): Promise<SourceWatch> {
  const { deep, flat } = await foldersOf(paths);
  const watchers = [
    Deno.watchFs(deep),
    ...(flat.length > 0 ? [Deno.watchFs(flat, { recursive: false })] : []),
  ];
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let handling: Promise<void> | undefined;

  async function handle(): Promise<void> {
    while (changed.size > 0) {
      const files = [...changed];
      changed.clear();
      await onChange(files);
    }
    handling = undefined;
  }

  const isWatched = (path: string) =>
    paths.some((watched) => path === watched || path.startsWith(join(watched, "/")));

  async function follow(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind, paths } of watcher) {
      const files = paths.filter((path) => isSource(path) && isWatched(path));
      if (!CHANGES.includes(kind) || files.length === 0) continue;
      for (const file of files) changed.add(relative(ROOT, file));
      clearTimeout(timer);
      timer = setTimeout(() => handling ??= handle(), QUIET_MS);
    }
  }

  const following = watchers.map(follow);
  return {
    async stop() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await Promise.all(following);
      await handling;
    },
  };
}
