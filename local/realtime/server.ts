/** Realtime's server over one database. */
import { createPool } from "../postgres/pool.ts";
import type { JwtCheck } from "../gateway/verify_jwt.ts";
import { withTimeout } from "../time/with_timeout.ts";
import { Connection } from "./connection.ts";
import { DeliveryQueue } from "./delivery_queue.ts";
import { type CommittedChange, prepareChanges } from "./deliver_changes.ts";
import type { ProtocolVersion } from "./frames.ts";
import type { Identity } from "./identity.ts";
import { isMessage, readMessage } from "./messages.ts";
import { Presence } from "./presence.ts";
import { type Replication, startReplication } from "./replication.ts";
import type { Services } from "./services.ts";
import { ReplicationUnavailableError } from "./slot.ts";
import { Subscriptions } from "./subscriptions.ts";
import { topicKey, Topics } from "./topics.ts";
import type { Change, Transaction } from "./transactions.ts";

export interface RealtimeOptions {
  /** A superuser. */
  adminUrl: string;
  /** The login `authenticator`, which becomes each caller's role. */
  userUrl: string;
  jwtCheck: JwtCheck;
  onWarning: (message: string) => void;
}

export interface RealtimeServer {
  /** Serves a client from now on. */
  accept(socket: WebSocket, version: ProtocolVersion, identity: Identity): void;
  stop(): Promise<void>;
}

const ADMIN_CONNECTIONS = 2;
const USER_CONNECTIONS = 6;
const START_MS = 8000;
const TICK_MS = 1000;
const RESTARTED = 1012;

export function createServer(options: RealtimeOptions): RealtimeServer {
  const { adminUrl, userUrl, jwtCheck, onWarning } = options;
  const admin = createPool(adminUrl, { max: ADMIN_CONNECTIONS });
  const users = createPool(userUrl, { max: USER_CONNECTIONS });
  const topics = new Topics();
  const subscriptions = new Subscriptions(admin.pool);
  const connections = new Set<Connection>();
  let replication: Promise<Replication> | undefined;
  let running: Replication | undefined;

  const onError = (error: unknown) => onWarning(`Realtime: ${(error as Error).message}`);

  function isWanted(change: Change): boolean {
    if (!isMessage(change)) return subscriptions.of(change.table).length > 0;
    const message = readMessage(change);
    return message !== undefined && topics.has(topicKey(message.topic, message.isPrivate));
  }

  /** Sends changes and messages in the order of their transactions. */
  async function deliver(transactions: Transaction[]): Promise<void> {
    const list: CommittedChange[] = transactions.flatMap(({ changes, committedAt }) =>
      changes.map((change) => ({ change, committedAt }))
    );
    const ofTables = list.filter(({ change }) => !isMessage(change));
    const deliveries = (await prepareChanges(
      { adminPool: admin.pool, userPool: users.pool, subscriptions },
      ofTables,
    )).values();
    for (const { change } of list) {
      const message = isMessage(change) ? readMessage(change) : undefined;
      if (message) topics.broadcast(topicKey(message.topic, message.isPrivate), message.broadcast);
      else deliveries.next().value?.();
    }
  }

  const queue = new DeliveryQueue({
    deliver,
    onDelivered: (position) => running?.confirm(position),
    onFailure: onError,
  });

  async function start(): Promise<Replication> {
    return running = await startReplication({
      url: adminUrl,
      pool: admin.pool,
      queue,
      isWanted,
      onFailure: onError,
      onLost() {
        for (const connection of connections) connection.close(RESTARTED, "changes were lost");
      },
    });
  }

  async function requireReplication(): Promise<void> {
    replication ??= start().catch((error) => {
      replication = undefined;
      if (error instanceof ReplicationUnavailableError) onWarning(error.message);
      throw error;
    });
    // A slot begins when the transactions that run now have ended.
    await withTimeout(START_MS, replication);
  }

  const services: Services = {
    jwtCheck,
    userPool: users.pool,
    topics,
    presence: new Presence(topics),
    subscriptions,
    requireReplication,
    now: Date.now,
  };
  const ticking = setInterval(() => {
    for (const connection of connections) connection.tick(Date.now());
  }, TICK_MS);

  return {
    accept(socket, version, identity) {
      socket.binaryType = "arraybuffer";
      const connection = new Connection(services, { wire: socket, version, identity, onError });
      const end = () => {
        connection.end();
        connections.delete(connection);
      };
      socket.addEventListener("open", () => connections.add(connection));
      socket.addEventListener("message", ({ data }) => connection.receive(data));
      socket.addEventListener("close", end);
      socket.addEventListener("error", end);
    },
    async stop() {
      clearInterval(ticking);
      for (const connection of connections) connection.close(RESTARTED, "the stack stops");
      await (await replication?.catch(() => undefined))?.stop();
      await queue.stop();
      await Promise.all([admin.end(), users.end()]);
    },
  };
}
