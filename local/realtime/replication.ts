/** Streams the changes of the published tables, over every connection that is cut, without losing one. */
import { setTimeout as sleep } from "node:timers/promises";
// @ts-types="../postgres/pg.d.ts"
import type { Pool } from "pg";
import type { DeliveryQueue } from "./delivery_queue.ts";
import { dropSlot, ensureSlot, makeSlotName } from "./slot.ts";
import { isTransient } from "./transient.ts";
import { openStream, type Stream } from "./stream.ts";
import { type Change, TransactionReader } from "./transactions.ts";

const RETRY_MS = 200;

/** Codes of errors after which the slot cannot be read: its publication was dropped, or its log. */
const LOST_SLOT = ["42704", "55000"];

export interface ReplicationOptions {
  url: string;
  /** Connections of the same role. */
  pool: Pool;
  queue: DeliveryQueue;
  isWanted: (change: Change) => boolean;
  /** Changes were lost, such as those of a reset of the database: clients have to read again. */
  onLost: () => void;
  /** The stream ended with an error other than that of a cut connection; it is opened again. */
  onFailure: (error: unknown) => void;
}

export interface Replication {
  confirm(position: bigint): void;
  stop(): Promise<void>;
}

/**
 * From the moment it returns, every change is kept for its delivery.
 * @throws {ReplicationUnavailableError} and other errors of Postgres.
 */
export async function startReplication(options: ReplicationOptions): Promise<Replication> {
  const { url, pool, queue, isWanted, onLost, onFailure } = options;
  const slot = makeSlotName();
  const stopping = new AbortController();
  const { signal } = stopping;
  let stream: Stream | undefined;
  let lastFailure: string | undefined;
  await ensureSlot(pool, slot);

  async function streamOnce(): Promise<void> {
    if (await ensureSlot(pool, slot)) onLost();
    stream = await openStream(url, slot, new TransactionReader(isWanted), queue);
    if (signal.aborted) await stream.stop();
    await stream.ended;
  }

  async function handleError(error: unknown): Promise<void> {
    if (signal.aborted || isTransient(error)) return;
    const text = String(error);
    if (text !== lastFailure) onFailure(error);
    lastFailure = text;
    const { code = "" } = error as { code?: string };
    if (LOST_SLOT.includes(code)) await dropSlot(pool, slot).catch(() => {});
  }

  async function supervise(): Promise<void> {
    while (!signal.aborted) {
      try {
        await streamOnce();
      } catch (error) {
        await handleError(error);
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
  const supervision = supervise();

  return {
    confirm: (position) => stream?.confirm(position),
    async stop() {
      stopping.abort();
      await stream?.stop();
      await supervision;
      // Postgres may have ended already: the next start drops it.
      await dropSlot(pool, slot).catch(() => {});
    },
  };
}
