/** The channels of each topic. Private and public channels of one name are two topics. */
import type { Broadcast } from "./frames.ts";

/** What receives a topic's messages. */
export interface Member {
  receiveBroadcast(broadcast: Broadcast): void;
  receivePresence(diff: string): void;
}

/** The topic's key. @param name Without the beginning `realtime:`. */
export function topicKey(name: string, isPrivate: boolean): string {
  return `${isPrivate ? "private" : "public"}:${name}`;
}

export class Topics {
  readonly #members = new Map<string, Set<Member>>();

  add(key: string, member: Member): void {
    const members = this.#members.get(key) ?? new Set();
    this.#members.set(key, members.add(member));
  }

  remove(key: string, member: Member): void {
    const members = this.#members.get(key);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(key);
  }

  has(key: string): boolean {
    return this.#members.has(key);
  }

  /** @param except Does not receive it: its sender. */
  broadcast(key: string, broadcast: Broadcast, except?: Member): void {
    for (const member of this.#members.get(key) ?? []) {
      if (member !== except) member.receiveBroadcast(broadcast);
    }
  }

  /** @param diff The text of `{joins, leaves}`. */
  announcePresence(key: string, diff: string): void {
    for (const member of this.#members.get(key) ?? []) member.receivePresence(diff);
  }
}
