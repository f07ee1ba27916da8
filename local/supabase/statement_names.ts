/** Names of statements: a session keeps the plan of a statement with a name, and makes others at each call. */
export class StatementNames {
  readonly #names = new Map<string, string>();
  #made = 0;

  /** The same text has the same name until `forget`. */
  nameOf(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = `s${++this.#made}`;
    this.#names.set(text, name);
    return name;
  }

  /** After a change of the schema: a kept plan must not return other columns. */
  forget(): void {
    this.#names.clear();
  }
}
