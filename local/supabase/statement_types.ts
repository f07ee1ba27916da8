/** The types of statements' parameters and of arrays, which only Postgres knows. */
// @ts-types="../postgres/pg.d.ts"
import { type Client, Query, type Wire } from "pg";

/** More than the statements of an app; forgotten together, because a reload forgets them all anyway. */
const MAX_STATEMENTS = 2000;

/** Has Postgres describe a statement instead of running it. */
class Describe extends Query {
  types: number[] = [];

  constructor(text: string, callback: (error: Error | null) => void) {
    super({ text, queryMode: "extended" }, undefined, callback);
  }

  /** Called by the driver in place of sending parse, bind and execute. */
  override prepare(wire: Wire): void {
    wire.parse({ text: this.text });
    wire.describe({ type: "S" });
    wire.sync();
    wire.once("parameterDescription", ({ dataTypeIDs }) => this.types = dataTypeIDs);
  }
}

/** Every array type with its elements' type. */
async function readArrayTypes(client: Client): Promise<Map<number, number>> {
  const { rows } = await client.query<{ oid: number; typelem: number }>(
    "select oid, typelem from pg_catalog.pg_type where typcategory = 'A'",
  );
  return new Map(rows.map(({ oid, typelem }) => [oid, typelem]));
}

/** One for the connections of a database, until its schema changes. */
export class StatementTypes {
  readonly #parameters = new Map<string, number[]>();
  #isKnown = false;
  /** Element types by array type. */
  arrays = new Map<number, number>();

  /** Reads the array types, if they are not known. */
  async learnArrays(client: Client): Promise<void> {
    if (this.#isKnown) return;
    this.arrays = await readArrayTypes(client);
    this.#isKnown = true;
  }

  /** `undefined` for a statement that Postgres has not described yet. */
  known(text: string): number[] | undefined {
    return this.#parameters.get(text);
  }

  /** @throws the statement's error, if Postgres does not understand it. */
  async ofParameters(client: Client, text: string): Promise<number[]> {
    const types = await new Promise<number[]>((resolve, reject) => {
      const describe: Describe = new Describe(
        text,
        (error) => error === null ? resolve(describe.types) : reject(error),
      );
      client.query(describe);
    });
    if (this.#parameters.size >= MAX_STATEMENTS) this.#parameters.clear();
    this.#parameters.set(text, types);
    return types;
  }

  /** After a change of the schema. */
  forget(): void {
    this.#parameters.clear();
    this.#isKnown = false;
  }
}
