/** Inputs from public bug reports, with their right values. */

export interface Reported {
  // deno-lint-ignore no-explicit-any -- each file has a shape of its own
  input: any;
  // deno-lint-ignore no-explicit-any -- each file has a shape of its own
  right: any;
}

const FOLDER = new URL("../fixtures/reported/", import.meta.url);

/** @param name File name without `.json`. */
export async function readReported(name: string): Promise<Reported> {
  return JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, FOLDER)));
}
