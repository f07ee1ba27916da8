/** The data of a simulator, in maps. Each change is written to the journal before the call is answered. */
import { LineFile } from "./line_file.ts";

type Maps<C> = { [K in keyof C]: Map<string, C[K]> };

/** @template C The type of each map's values, by the name of the map. */
export class Journal<C extends object> {
  readonly #maps: Maps<C>;
  readonly #file: LineFile | undefined;

  /** @param path A file that survives restarts, created if necessary. Without it the data is only in memory. */
  constructor(kinds: readonly (keyof C)[], path?: string) {
    this.#maps = Object.fromEntries(kinds.map((kind) => [kind, new Map()])) as Maps<C>;
    if (path === undefined) return;
    const file = Deno.openSync(path, { create: true, append: true, mode: 0o600 });
    this.#file = new LineFile(file);
    const text = Deno.readTextFileSync(path);
    // The next entry starts on a new line.
    if (text !== "" && !text.endsWith("\n")) this.#file.write("");
    for (const line of text.split("\n")) {
      try {
        const [kind, id, value] = JSON.parse(line) as [keyof C, string, never];
        this.#putOrDelete(kind, id, value);
      } catch {
        // The empty last line, or a line that a kill cut short.
      }
    }
  }

  #putOrDelete<K extends keyof C>(kind: K, id: string, value: C[K] | null): void {
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
    this.#record(kind, id, value);
  }

  delete(kind: keyof C, id: string): void {
    this.#record(kind, id, null);
  }

  #record<K extends keyof C>(kind: K, id: string, value: C[K] | null): void {
    this.#putOrDelete(kind, id, value);
    this.#file?.write(JSON.stringify([kind, id, value]));
  }

  close(): void {
    this.#file?.close();
  }
}
