/** Who is present in a topic, as Phoenix's Presence describes it. */
import type { Member, Topics } from "./topics.ts";

interface Entry {
  key: string;
  meta: Record<string, unknown>;
}

function groupByKey(entries: Iterable<Entry>): Record<string, { metas: Entry["meta"][] }> {
  const groups = [...Map.groupBy(entries, ({ key }) => key)];
  return Object.fromEntries(
    groups.map(([key, list]) => [key, { metas: list.map(({ meta }) => meta) }]),
  );
}

export class Presence {
  readonly #topics: Topics;
  readonly #entries = new Map<string, Map<Member, Entry>>();

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  /** The text of `presence_state`. */
  describe(topic: string): string {
    return JSON.stringify(groupByKey(this.#entries.get(topic)?.values() ?? []));
  }

  /** Adds a member, or changes what is known of it. */
  track(topic: string, member: Member, key: string, content: Record<string, unknown>): void {
    const entries = this.#entries.get(topic) ?? new Map<Member, Entry>();
    this.#entries.set(topic, entries);
    const before = entries.get(member);
    const reference = { phx_ref: crypto.randomUUID() };
    const previous = before && { phx_ref_prev: before.meta.phx_ref };
    const entry = { key, meta: { ...content, ...reference, ...previous } };
    entries.set(member, entry);
    this.#announce(topic, [entry], before ? [before] : []);
  }

  untrack(topic: string, member: Member): void {
    const entries = this.#entries.get(topic);
    const entry = entries?.get(member);
    if (entry === undefined) return;
    entries?.delete(member);
    if (entries?.size === 0) this.#entries.delete(topic);
    this.#announce(topic, [], [entry]);
  }

  #announce(topic: string, joins: Entry[], leaves: Entry[]): void {
    const diff = { joins: groupByKey(joins), leaves: groupByKey(leaves) };
    this.#topics.announcePresence(topic, JSON.stringify(diff));
  }
}
