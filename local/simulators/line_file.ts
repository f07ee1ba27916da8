/** A file of lines. A full disk fails no caller: what could not be written follows when there is room again. */
export class LineFile {
  readonly #file: Pick<Deno.FsFile, "writeSync" | "close">;
  #unwritten: Uint8Array = new Uint8Array();

  constructor(file: Pick<Deno.FsFile, "writeSync" | "close">) {
    this.#file = file;
  }

  /** @param line Without its end. */
  write(line: string): void {
    const bytes = new TextEncoder().encode(`${line}\n`);
    const all = new Uint8Array(this.#unwritten.length + bytes.length);
    all.set(this.#unwritten);
    all.set(bytes, this.#unwritten.length);
    this.#unwritten = all;
    this.#writeAll();
  }

  #writeAll(): void {
    try {
      while (this.#unwritten.length > 0) {
        this.#unwritten = this.#unwritten.subarray(this.#file.writeSync(this.#unwritten));
      }
    } catch (error) {
      // deno-lint-ignore no-console -- goes to the log of the stack
      console.error(`A simulator's data could not be written: ${(error as Error).message}`);
    }
  }

  close(): void {
    this.#writeAll();
    this.#file.close();
  }
}
