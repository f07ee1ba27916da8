/** One connection that streams a slot's changes. */
import { Buffer } from "node:buffer";
// @ts-types="../postgres/pg.d.ts"
import { Client } from "pg";
import type { DeliveryQueue } from "./delivery_queue.ts";
import { PUBLICATIONS } from "./slot.ts";
import type { TransactionReader } from "./transactions.ts";

const DATA = 0x77;
const KEEPALIVE = 0x6b;
const STATUS = 0x72;
const RESUME_MS = 10;
/** Microseconds from 1970 to 2000. */
const EPOCH = 946_684_800_000_000n;

export interface Stream {
  /** Settles when the connection ends; rejects with Postgres's reason, if it gave one. */
  ended: Promise<void>;
  /** Confirms everything before `position`: Postgres does not send it again. */
  confirm(position: bigint): void;
  stop(): Promise<void>;
}

/** The status of a standby: written, flushed and applied up to `position`. */
function makeStatus(position: bigint): Buffer {
  const bytes = Buffer.alloc(34);
  bytes[0] = STATUS;
  for (const offset of [1, 9, 17]) bytes.writeBigUInt64BE(position, offset);
  bytes.writeBigInt64BE(BigInt(Date.now()) * 1000n - EPOCH, 25);
  return bytes;
}

/**
 * Adds every transaction to the queue. The positions that are confirmed are exact: one more, as
 * pg-logical-replication's own service confirms, would skip a transaction whose commit follows at once.
 */
export async function openStream(
  url: string,
  slot: string,
  reader: TransactionReader,
  queue: DeliveryQueue,
): Promise<Stream> {
  const client = new Client({ connectionString: url, replication: "database" });
  // The promise below has it too.
  client.on("error", () => {});
  await client.connect();
  const { connection } = client;
  let resuming: ReturnType<typeof setInterval> | undefined;

  function confirm(position: bigint): void {
    if (position > 0n) connection.sendCopyFromChunk(makeStatus(position));
  }

  /** What Postgres sends meanwhile waits in its own log. */
  function pauseWhileFull(): void {
    if (resuming !== undefined || !queue.isFull) return;
    connection.stream.pause();
    resuming = setInterval(() => {
      if (queue.isFull) return;
      clearInterval(resuming);
      resuming = undefined;
      connection.stream.resume();
    }, RESUME_MS);
  }

  function receive(chunk: Buffer): void {
    if (chunk[0] === DATA) {
      const transaction = reader.read(chunk.subarray(25));
      if (transaction) queue.add(transaction);
      pauseWhileFull();
    } else if (chunk[0] === KEEPALIVE) {
      // Nothing before the end of what was sent is on its way any more.
      const isIdle = queue.isEmpty && !reader.isInside;
      confirm(isIdle ? chunk.readBigUInt64BE(1) : queue.delivered);
    }
  }

  const broken = Promise.withResolvers<never>();
  connection.on("copyData", ({ chunk }) => {
    try {
      receive(chunk);
    } catch (error) {
      broken.reject(error);
    }
  });
  const options = `proto_version '1', publication_names '${PUBLICATIONS.join(",")}'`;
  const command = `START_REPLICATION SLOT ${slot} LOGICAL 0/0 (${options})`;
  const ended = Promise.race([broken.promise, client.query(command)])
    .then(() => {})
    .finally(() => {
      clearInterval(resuming);
      connection.stream.destroy();
    });
  ended.catch(() => {});
  return {
    ended,
    confirm,
    async stop() {
      connection.stream.destroy();
      await ended.catch(() => {});
    },
  };
}
