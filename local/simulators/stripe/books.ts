/** Through which every object is made and changed: it stores them, and tells what has become of them. */
import { refusals } from "./errors.ts";
import { newId } from "./ids.ts";
import type { StripeObject } from "./objects.ts";
import { type Kind, KINDS, type ObjectCollections, type StripeState } from "./state.ts";

/** What has become of an object. */
export interface Happening {
  type: string;
  object: StripeObject;
  /** What it was, where it was changed. */
  before?: StripeObject;
}

export interface BooksOptions {
  state: StripeState;
  livemode: boolean;
  /** Milliseconds since 1970. */
  now: () => number;
  tell: (happening: Happening) => void;
}

export class Books {
  readonly state: StripeState;
  readonly livemode: boolean;
  readonly now: () => number;
  readonly #tell: (happening: Happening) => void;

  constructor({ state, livemode, now, tell }: BooksOptions) {
    this.state = state;
    this.livemode = livemode;
    this.now = now;
    this.#tell = tell;
  }

  get seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** The time at a subscription: it may have been moved on. */
  secondsAt(subscriptionId: string): number {
    return Math.max(this.seconds, this.state.get("clocks", subscriptionId) ?? 0);
  }

  newId(kind: Kind): string {
    const [prefix] = KINDS[kind];
    return newId(kind === "checkoutSessions" ? `cs_${this.livemode ? "live" : "test"}` : prefix);
  }

  /** @param param Which parameter names the object; none if the path does. @throws {StripeRefusal} */
  find<K extends Kind>(kind: K, id: string, param?: string): ObjectCollections[K] {
    const found = this.state.get(kind, id);
    if (found === undefined || found.deleted) {
      throw refusals.missing(KINDS[kind][1], id, param);
    }
    return found;
  }

  add<K extends Kind>(
    kind: K,
    object: ObjectCollections[K],
    ...types: string[]
  ): ObjectCollections[K] {
    this.state.store(kind, object);
    for (const type of types) this.tell(type, object);
    return object;
  }

  /** Tells of `….updated` only if something has changed. */
  change<K extends Kind>(
    kind: K,
    id: string,
    fields: Partial<ObjectCollections[K]>,
    ...types: string[]
  ): ObjectCollections[K] {
    const before = this.find(kind, id);
    const after: ObjectCollections[K] = { ...before, ...fields };
    const isChanged = JSON.stringify(after) !== JSON.stringify(before);
    if (isChanged) this.state.store(kind, after);
    for (const type of types) {
      if (!type.endsWith(".updated")) this.tell(type, after);
      else if (isChanged) this.#tell({ type, object: after, before });
    }
    return after;
  }

  /** What is left of an object whose like can be deleted. */
  remove<K extends Kind>(kind: K, id: string, ...types: string[]): StripeObject {
    const { object } = this.find(kind, id);
    for (const type of types) this.tell(type, this.find(kind, id));
    const rest = { id, object, deleted: true } as const;
    // A deleted object still answers to its id.
    this.state.put(kind, id, rest as never);
    return rest;
  }

  tell(type: string, object: StripeObject): void {
    this.#tell({ type, object });
  }
}
