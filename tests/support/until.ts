/** Waits for what another process does; the time limit is for failures only. */

/** Pauses between two looks. */
const SHORTEST_MS = 10;
const LONGEST_MS = 100;

/** Calls `holds` until it returns something. @throws {Error} after `timeoutMs`, naming `what`. */
export async function until<T>(
  what: string,
  holds: () => Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const start = Date.now();
  const end = start + timeoutMs;
  while (true) {
    const value = await holds();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms without success until ${what}`);
    // What takes long is looked at less often: hundreds of tests wait, on few cores.
    const pauseMs = Math.min(Math.max((Date.now() - start) / 5, SHORTEST_MS), LONGEST_MS);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
