/** The parameters of a call: a form with nested keys such as `items[0][price]` and `metadata[a]`. */
import { apiErrors } from "./errors.ts";
import type { Metadata } from "./objects.ts";

interface Tree {
  [key: string]: string | Tree;
}

function putValue(tree: Tree, [key, ...rest]: string[], value: string): void {
  if (key === undefined) return;
  // `a[]` takes the next index.
  const name = key === "" ? String(Object.keys(tree).length) : key;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const below = tree[name];
  const branch: Tree = typeof below === "object" ? below : Object.create(null);
  tree[name] = branch;
  putValue(branch, rest, value);
}

/** Stripe refuses addresses without a dot in the domain, such as ada@localhost, and characters that are not ASCII. */
const EMAIL = /^[!-?A-~]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+$/i;

/** https://docs.stripe.com/api/metadata */
const MAX_METADATA = { entries: 50, key: 40, value: 500 };

export class Params {
  readonly #tree: Tree;
  readonly #prefix: string;

  private constructor(tree: Tree, prefix: string) {
    this.#tree = tree;
    this.#prefix = prefix;
  }

  /** @param forms Urlencoded: the query and the body of a call. */
  static read(...forms: string[]): Params {
    const tree: Tree = Object.create(null);
    for (const form of forms) {
      for (const [name, value] of new URLSearchParams(form)) {
        const keys = [...name.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? "");
        putValue(tree, [name.replace(/\[.*$/, ""), ...keys], value);
      }
    }
    return new Params(tree, "");
  }

  /** The full name of a parameter: "items[0][price]". */
  name(key: string): string {
    return this.#prefix === "" ? key : `${this.#prefix}[${key}]`;
  }

  has(key: string): boolean {
    return key in this.#tree;
  }

  #keys(): string[] {
    return Object.keys(this.#tree);
  }

  hasOnly(keys: readonly string[]): boolean {
    return this.#keys().every((key) => keys.includes(key));
  }

  /** Every value: its full name, and its path without the indexes of lists, "items[price]". */
  #values(): { name: string; path: string[] }[] {
    return this.#keys().flatMap((key) => {
      const own = /^\d+$/.test(key) ? [] : [key];
      const value = this.#tree[key];
      if (typeof value !== "object") return [{ name: this.name(key), path: own }];
      return this.object(key).#values().map(({ name, path }) => ({
        name,
        path: [...own, ...path],
      }));
    });
  }

  /**
   * @param paths Names without the indexes of lists: "items[price]"; "metadata[*]" has any names below.
   * @throws {ApiError} if the call has a parameter that is not in the list.
   */
  allowOnly(paths: readonly string[]): void {
    const isAllowed = ([first = "", ...below]: string[]) => {
      const path = first + below.map((key) => `[${key}]`).join("");
      return paths.some((allowed) =>
        // An empty text in the place of an object removes it.
        allowed === path || allowed.startsWith(`${path}[`) ||
        allowed.endsWith("[*]") && path.startsWith(allowed.slice(0, -2))
      );
    };
    const unknown = this.#values().find(({ path }) => !isAllowed(path));
    if (unknown !== undefined) throw apiErrors.unknown(unknown.name);
  }

  /** @throws {ApiError} */
  url(key: string): string | null | undefined {
    const value = this.nullable(key);
    const isUrl = !value || /^https?:$/.test(URL.parse(value)?.protocol ?? "");
    if (!isUrl) throw apiErrors.invalidUrl(this.name(key));
    return value;
  }

  /** @throws {ApiError} */
  text(key: string): string | undefined {
    const value = this.#tree[key];
    if (typeof value === "object") {
      throw apiErrors.invalid("Invalid string", { param: this.name(key) });
    }
    return value;
  }

  /** `null` for an empty value, which removes the present one. @throws {ApiError} */
  nullable(key: string): string | null | undefined {
    const value = this.text(key);
    return value === "" ? null : value;
  }

  /** @throws {ApiError} */
  required(key: string): string {
    const value = this.text(key);
    if (value === undefined || value === "") throw apiErrors.required(this.name(key));
    return value;
  }

  /** @throws {ApiError} */
  email(key: string): string | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (value === "") throw apiErrors.empty(this.name(key));
    if (!EMAIL.test(value)) throw apiErrors.invalidEmail(value, this.name(key));
    return value;
  }

  /** @throws {ApiError} */
  requiredUrl(key: string): string {
    this.required(key);
    return this.url(key) as string;
  }

  /** @throws {ApiError} */
  integer(key: string): number | undefined {
    const value = this.nullable(key);
    if (value === undefined || value === null) return undefined;
    if (!/^-?\d{1,15}$/.test(value)) {
      throw apiErrors.invalidInteger(this.name(key), `Invalid integer: ${value}`);
    }
    return Number(value);
  }

  /** @throws {ApiError} */
  requiredInteger(key: string): number {
    this.required(key);
    return this.integer(key) as number;
  }

  /** @throws {ApiError} */
  boolean(key: string): boolean | undefined {
    const value = this.oneOf(key, ["true", "false"]);
    return value === undefined ? undefined : value === "true";
  }

  /** @throws {ApiError} */
  oneOf<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const value = this.nullable(key);
    if (value === undefined || value === null) return undefined;
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    const param = this.name(key);
    throw apiErrors.invalid(`Invalid ${param}: must be one of ${allowed.join(", ")}`, { param });
  }

  /** The parameters below a key; none if the call has no such key. @throws {ApiError} */
  object(key: string): Params {
    const value = this.#tree[key];
    if (typeof value === "string" && value !== "") {
      throw apiErrors.invalid("Invalid object", { param: this.name(key) });
    }
    return new Params(typeof value === "object" ? value : {}, this.name(key));
  }

  /** The entries of an array of objects. @throws {ApiError} */
  list(key: string): Params[] {
    const array = this.object(key);
    return array.#keys().map((index) => array.object(index));
  }

  /** An object's metadata after the call: "" removes an entry, or all of them. @throws {ApiError} */
  metadata(before: Metadata = {}): Metadata {
    if (this.#tree.metadata === "") return {};
    const changes = this.object("metadata");
    const entries = changes.#keys().map((key) => [key, changes.text(key) ?? ""] as const);
    const merged = { ...before, ...Object.fromEntries(entries) };
    const kept = Object.entries(merged).filter(([, value]) => value !== "");
    const isGood = kept.length <= MAX_METADATA.entries &&
      kept.every(([key, value]) =>
        key.length <= MAX_METADATA.key && value.length <= MAX_METADATA.value
      );
    if (!isGood) throw apiErrors.longMetadata(this.name("metadata"));
    return Object.fromEntries(kept);
  }

  /** The parameters as they were sent. */
  toJSON(): unknown {
    return this.#tree;
  }
}
