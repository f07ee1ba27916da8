/** Creates, updates and deletes objects: stores each change, and reports it as an event. */
import { apiErrors } from "./errors.ts";
import { newId } from "./ids.ts";
import type { EventType, StripeObject } from "./objects.ts";
import { type Kind, KINDS, type ObjectCollections, type StripeState } from "./state.ts";

export interface ObjectChange {
  /** The type of the event. */
  type: EventType;
  object: StripeObject;
  /** The object before the change, for `….updated`. */
  before?: StripeObject;
}

export interface StoreOptions {
  state: StripeState;
  livemode: boolean;
  /** Milliseconds since 1970. */
  now: () => number;
  report: (change: ObjectChange) => void;
}

export class Store {
  readonly state: StripeState;
  readonly livemode: boolean;
  readonly now: () => number;
  readonly #report: (change: ObjectChange) => void;

  constructor({ state, livemode, now, report }: StoreOptions) {
    this.state = state;
    this.livemode = livemode;
    this.now = now;
    this.#report = report;
  }

  get seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** The present time of a subscription, whose time may have been advanced. */
  secondsAt(subscriptionId: string): number {
    return Math.max(this.seconds, this.state.get("clocks", subscriptionId) ?? 0);
  }

  newId(kind: Kind): string {
    const [prefix] = KINDS[kind];
    return newId(kind === "checkoutSessions" ? `cs_${this.livemode ? "live" : "test"}` : prefix);
  }

  /** @param param The parameter that names the object; left out when the path names it. @throws {ApiError} */
  find<K extends Kind>(kind: K, id: string, param?: string): ObjectCollections[K] {
    const found = this.state.get(kind, id);
    if (found === undefined || ("deleted" in found && found.deleted)) {
      throw apiErrors.missing(KINDS[kind][1], id, param);
    }
    return found;
  }

  /** @param types Of the events that report it. */
  add<K extends Kind>(
    kind: K,
    object: ObjectCollections[K],
    ...types: EventType[]
  ): ObjectCollections[K] {
    this.state.store(kind, object);
    for (const type of types) this.report(type, object);
    return object;
  }

  /** Reports `….updated` only if a field has changed. @throws {ApiError} */
  update<K extends Kind>(
    kind: K,
    id: string,
    fields: Partial<ObjectCollections[K]>,
    ...types: EventType[]
  ): ObjectCollections[K] {
    const before = this.find(kind, id);
    const after: ObjectCollections[K] = { ...before, ...fields };
    const isChanged = JSON.stringify(after) !== JSON.stringify(before);
    if (isChanged) this.state.store(kind, after);
    for (const type of types) {
      if (!type.endsWith(".updated")) this.report(type, after);
      else if (isChanged) this.#report({ type, object: after, before });
    }
    return after;
  }

  /** Leaves a stub, which answers to the id of the deleted object. @throws {ApiError} */
  remove(kind: "customers", id: string, type: EventType): StripeObject {
    const customer = this.find(kind, id);
    this.report(type, customer);
    const stub = { id, object: customer.object, deleted: true } as const;
    this.state.put(kind, id, stub as never);
    return stub;
  }

  report(type: EventType, object: StripeObject): void {
    this.#report({ type, object });
  }
}
