/** Files that hold secrets. */

/** Writes a file that only its owner may read, whole or not at all. */
export async function writePrivateFile(
  path: string,
  text: string,
  { write = Deno.writeTextFile } = {},
): Promise<void> {
  const suffix = crypto.getRandomValues(new Uint8Array(4)).toHex();
  const partial = `${path}.${suffix}`;
  try {
    await write(partial, text, { mode: 0o600 });
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}
