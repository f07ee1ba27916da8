/** Claimed groups of events that wait for a slot; a shop with many events leaves slots to the others. */
import type { ClaimedEvent } from "./events.ts";

/** Events that are handled by one call; not empty. */
export type EventGroup = ClaimedEvent[];

/** The shop whose slots a group takes; `null` for events of vendors that name no shop. */
const shopOf = ([first]: EventGroup) => first?.shop_id ?? null;

const FREE_FOR_EACH_HELD = 3;

export class FairQueue {
  readonly #slots: number;
  readonly #held = new Map<string, number>();
  #waiting: { group: EventGroup; since: number }[] = [];
  #taken = 0;

  /** @param slots Groups handled at once. */
  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Whether another shop's group could start at once. */
  get hasFreeSlot(): boolean {
    return this.#taken < this.#slots;
  }

  /** @param since When their events were claimed, in milliseconds. */
  add(groups: readonly EventGroup[], since: number): void {
    this.#waiting.push(...groups.map((group) => ({ group, since })));
  }

  /** The groups that were claimed before `time`; they wait no longer. */
  removeOlder(time: number): EventGroup[] {
    const older = this.#waiting.filter(({ since }) => since <= time);
    if (older.length > 0) this.#waiting = this.#waiting.filter(({ since }) => since > time);
    return older.map(({ group }) => group);
  }

  /** The next group that may start, which takes a slot until it is released. */
  take(): EventGroup | undefined {
    const index = this.#waiting.findIndex(({ group }) => this.hasFreeSlot && !this.#isFull(group));
    if (index < 0) return undefined;
    const [taken] = this.#waiting.splice(index, 1);
    if (taken === undefined) return undefined;
    this.#count(taken.group, 1);
    return taken.group;
  }

  release(group: EventGroup): void {
    this.#count(group, -1);
  }

  /** Shops that may not take another slot now. */
  fullShops(): string[] {
    return [...this.#held.keys()].filter((shop) => this.#isFullShop(shop));
  }

  #count(group: EventGroup, change: 1 | -1): void {
    this.#taken += change;
    const shop = shopOf(group);
    if (shop === null) return;
    const held = (this.#held.get(shop) ?? 0) + change;
    if (held === 0) this.#held.delete(shop);
    else this.#held.set(shop, held);
  }

  #isFull(group: EventGroup): boolean {
    const shop = shopOf(group);
    return shop !== null && this.#isFullShop(shop);
  }

  /**
   * A shop takes its first slot if one is free, and another while it holds less than a third of the free ones: two
   * of eight for a shop alone, which store hundreds of orders a second and leave Postgres to the others.
   */
  #isFullShop(shop: string): boolean {
    const [held, free] = [this.#held.get(shop) ?? 0, this.#slots - this.#taken];
    return held * FREE_FOR_EACH_HELD >= free;
  }
}
