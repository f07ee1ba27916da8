/** Waits for what another process does; the time limit is for failures only. */

/** Asks again until `holds` returns something. @throws {Error} after `timeoutMs`, naming `what`. */
export async function until<T>(
  what: string,
  holds: () => Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  while (true) {
    const value = await holds();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms without success until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
