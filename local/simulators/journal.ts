/** Maps of what a simulator knows; every change is in the journal before it is answered for. */

type Maps<C> = { [K in keyof C]: Map<string, C[K]> };

/** @template C What each map holds, by the map's name. */
export class Journal<C extends object> {
  readonly #maps: Maps<C>;
  readonly #file: Deno.FsFile | undefined;

  /** @param path A file that survives restarts; made if it is not there. Without it, all is in memory. */
  constructor(kinds: readonly (keyof C)[], path?: string) {
    this.#maps = Object.fromEntries(kinds.map((kind) => [kind, new Map()])) as Maps<C>;
    if (path === undefined) return;
    this.#file = Deno.openSync(path, { create: true, append: true, mode: 0o600 });
    const text = Deno.readTextFileSync(path);
    // What is written next begins a line of its own.
    if (text !== "" && !text.endsWith("\n")) this.#file.writeSync(new TextEncoder().encode("\n"));
    for (const line of text.split("\n")) {
      try {
        const [kind, id, value] = JSON.parse(line) as [keyof C, string, never];
        this.#apply(kind, id, value);
      } catch {
        // The end of the file, or a line that a kill cut short.
      }
    }
  }

  #apply<K extends keyof C>(kind: K, id: string, value: C[K] | null): void {
    if (value === null) this.#maps[kind].delete(id);
    else this.#maps[kind].set(id, value);
  }

  get<K extends keyof C>(kind: K, id: string): C[K] | undefined {
    return this.#maps[kind].get(id);
  }

  all<K extends keyof C>(kind: K): C[K][] {
    return [...this.#maps[kind].values()];
  }

  entries<K extends keyof C>(kind: K): [string, C[K]][] {
    return [...this.#maps[kind].entries()];
  }

  put<K extends keyof C>(kind: K, id: string, value: C[K]): void {
    this.#write(kind, id, value);
  }

  delete(kind: keyof C, id: string): void {
    this.#write(kind, id, null);
  }

  #write<K extends keyof C>(kind: K, id: string, value: C[K] | null): void {
    this.#apply(kind, id, value);
    this.#file?.writeSync(new TextEncoder().encode(JSON.stringify([kind, id, value]) + "\n"));
  }

  close(): void {
    this.#file?.close();
  }
}
