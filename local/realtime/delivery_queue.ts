/** Transactions that wait for their delivery. They outlive the connection that brought them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Transaction } from "./transactions.ts";

/** Changes that wait before the stream is paused. */
const PAUSE_AT = 2000;
/** Changes that are delivered together, at least one transaction. */
const BATCH = 200;
const RETRY_MS = 200;

export interface QueueListener {
  /** Called again with the same transactions if it throws. */
  deliver(transactions: Transaction[]): Promise<void>;
  /** Everything up to `position` is delivered. */
  onDelivered(position: bigint): void;
  /** The first failure of a delivery that is repeated. */
  onFailure(error: unknown): void;
}

export class DeliveryQueue {
  readonly #listener: QueueListener;
  readonly #stopping = new AbortController();
  #waiting: Transaction[] = [];
  #received = 0n;
  #delivered = 0n;
  #delivery: Promise<void> | undefined;

  constructor(listener: QueueListener) {
    this.#listener = listener;
  }

  /** Whether the stream should wait. */
  get isFull(): boolean {
    return this.#waiting.reduce((sum, { changes }) => sum + changes.length, 0) > PAUSE_AT;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get delivered(): bigint {
    return this.#delivered;
  }

  /** A transaction that came already is ignored: Postgres sends again what was not confirmed. */
  add(transaction: Transaction): void {
    if (transaction.end <= this.#received) return;
    this.#received = transaction.end;
    this.#waiting.push(transaction);
    this.#delivery ??= this.#deliverAll().finally(() => this.#delivery = undefined);
  }

  /** Delivers nothing more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#delivery;
  }

  #nextBatch(): Transaction[] {
    let changes = 0;
    const end = this.#waiting.findIndex((transaction) =>
      (changes += transaction.changes.length) > BATCH
    );
    return this.#waiting.slice(0, end === -1 ? undefined : Math.max(end, 1));
  }

  async #deliverAll(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#waiting.length > 0 && !signal.aborted) {
      const batch = this.#nextBatch();
      if (!await this.#deliverBatch(batch)) return;
      this.#waiting.splice(0, batch.length);
      this.#delivered = batch.at(-1)?.end ?? this.#delivered;
      this.#listener.onDelivered(this.#delivered);
    }
  }

  /** Returns whether it was delivered, and not stopped. */
  async #deliverBatch(batch: Transaction[]): Promise<boolean> {
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await this.#listener.deliver(batch);
        return true;
      } catch (error) {
        if (attempt === 1) this.#listener.onFailure(error);
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
    return false;
  }
}
