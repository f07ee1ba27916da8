/** Files and folders that a command line names. */

/** A pattern such as `shared/**` is left to the command. */
async function exists(path: string): Promise<boolean> {
  if (path.includes("*")) return true;
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

/** @throws {Error} that names each that does not exist. */
export async function requirePaths(paths: string[]): Promise<void> {
  const found = await Promise.all(paths.map(exists));
  const missing = paths.filter((_, i) => !found[i]);
  if (missing.length === 0) return;
  const verb = missing.length === 1 ? "does" : "do";
  throw new Error(
    `${missing.join(", ")} ${verb} not exist. A path begins at the folder of the repository.`,
  );
}
