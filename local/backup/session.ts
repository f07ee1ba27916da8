/** Connections to the database of a backup or restore. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type postgres from "postgres";
import { withConnection } from "../postgres/connection.ts";

const CONNECT_MS = 10_000;

/**
 * A COPY ends with a small packet of its own after the rows: with the delay of TCP it would wait 40 ms for
 * their acknowledgement, in each table.
 */
async function connectWithoutDelay(
  { host, port }: { host: string[]; port: number[] },
): Promise<Socket> {
  const socket = connect({ host: host[0] as string, port: port[0] as number, noDelay: true });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Runs `work` in one transaction on a connection of its own. */
export async function inTransaction<T>(
  url: URL,
  mode: "" | "isolation level repeatable read read only",
  work: (sql: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  const options = {
    socket: connectWithoutDelay,
    // A large table may take longer than postgres.js keeps a connection.
    max_lifetime: null,
  };
  return await withConnection(url.href, (sql) =>
    sql.begin(mode, async (transaction) => {
      await transaction.unsafe(SETTINGS);
      return await work(transaction);
    }) as Promise<T>, options);
}

/** Equal values give equal text on every server, and a policy that hides rows is an error. */
const SETTINGS = `
  set local search_path = '';
  set local row_security = off;
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0;
  set local timezone = 'UTC';
  set local datestyle = 'ISO, YMD';
  set local intervalstyle = 'postgres';
  set local extra_float_digits = 1;
  set local bytea_output = 'hex';`;
