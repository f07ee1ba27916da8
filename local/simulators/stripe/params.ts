/** What a call says, read from a form with nested keys: `items[0][price]`, `expand[]`, `metadata[a]`. */
import { refusals } from "./errors.ts";
import type { Metadata } from "./objects.ts";

interface Tree {
  [key: string]: string | Tree;
}

function put(tree: Tree, [key, ...rest]: string[], value: string): void {
  if (key === undefined) return;
  // `a[]` counts on.
  const name = key === "" ? String(Object.keys(tree).length) : key;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const below = tree[name];
  const branch: Tree = typeof below === "object" ? below : Object.create(null);
  tree[name] = branch;
  put(branch, rest, value);
}

function treeOf(forms: string[]): Tree {
  const tree: Tree = Object.create(null);
  for (const form of forms) {
    for (const [name, value] of new URLSearchParams(form)) {
      const keys = [...name.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? "");
      put(tree, [name.replace(/\[.*$/, ""), ...keys], value);
    }
  }
  return tree;
}

export class Params {
  readonly #tree: Tree;
  readonly #prefix: string;

  private constructor(tree: Tree, prefix: string) {
    this.#tree = tree;
    this.#prefix = prefix;
  }

  /** @param forms Urlencoded; a query and a body, say. */
  static read(...forms: string[]): Params {
    return new Params(treeOf(forms), "");
  }

  /** How the caller names a parameter: "items[0][price]". */
  name(key: string): string {
    return this.#prefix === "" ? key : `${this.#prefix}[${key}]`;
  }

  has(key: string): boolean {
    return key in this.#tree;
  }

  isText(key: string): boolean {
    return typeof this.#tree[key] === "string";
  }

  keys(): string[] {
    return Object.keys(this.#tree);
  }

  /** "" is an answer too: it takes a value away. @throws {StripeRefusal} */
  text(key: string): string | undefined {
    const value = this.#tree[key];
    if (typeof value === "object") {
      throw refusals.invalid("Invalid string", { param: this.name(key) });
    }
    return value;
  }

  /** `null` takes the value away. */
  nullable(key: string): string | null | undefined {
    const value = this.text(key);
    return value === "" ? null : value;
  }

  /** @throws {StripeRefusal} */
  required(key: string): string {
    const value = this.text(key);
    if (value === undefined || value === "") throw refusals.required(this.name(key));
    return value;
  }

  /** @throws {StripeRefusal} */
  integer(key: string): number | undefined {
    const value = this.nullable(key);
    if (value === undefined || value === null) return undefined;
    if (!/^-?\d{1,15}$/.test(value)) throw refusals.notInteger(this.name(key), value);
    return Number(value);
  }

  /** @throws {StripeRefusal} */
  boolean(key: string): boolean | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (value !== "true" && value !== "false") throw refusals.notBoolean(this.name(key), value);
    return value === "true";
  }

  /** @throws {StripeRefusal} */
  oneOf<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const value = this.nullable(key);
    if (value === undefined || value === null) return undefined;
    if (!(allowed as readonly string[]).includes(value)) {
      throw refusals.notOneOf(this.name(key), allowed);
    }
    return value as T;
  }

  /** What is below a key; of one that is not there, nothing. @throws {StripeRefusal} */
  object(key: string): Params {
    const value = this.#tree[key];
    if (typeof value === "string" && value !== "") throw refusals.notObject(this.name(key));
    return new Params(typeof value === "object" ? value : {}, this.name(key));
  }

  /** The entries of an array of objects. @throws {StripeRefusal} */
  list(key: string): Params[] {
    const array = this.object(key);
    return array.keys().map((index) => array.object(index));
  }

  /** The entries of an array of strings. @throws {StripeRefusal} */
  texts(key: string): string[] {
    const array = this.object(key);
    return array.keys().map((index) => array.text(index) ?? "");
  }

  /** The object's metadata after the call: "" takes an entry away, or all of them. */
  metadata(before: Metadata = {}): Metadata {
    if (this.#tree.metadata === "") return {};
    const changes = this.object("metadata");
    const entries = changes.keys().map((key) => [key, changes.text(key) ?? ""] as const);
    const merged = { ...before, ...Object.fromEntries(entries) };
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""));
  }

  /** What was sent, as it is told in a journal or a list. */
  toJSON(): unknown {
    return this.#tree;
  }
}
