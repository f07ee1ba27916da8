/** The stack's own Postgres: found, made, started, and started again after a crash. */
import { setTimeout as sleep } from "node:timers/promises";
import { accessTo, type DatabaseAccess, withLogin } from "../supabase/bootstrap.ts";
import { findPlace, type PostgresPlace } from "./binaries.ts";
import { PortTakenError, requireFreePort } from "../stack/ports.ts";
import { initialise, SUPERUSER } from "./initialise.ts";
import { type PostgresServer, start, stopLeftover } from "./server.ts";

const RETRY_MS = 200;
/** A message about every tenth failure. */
const ATTEMPTS_PER_MESSAGE = 10;

export interface EmbeddedOptions {
  /** Absolute data folder of the stack. */
  data: string;
  /** 0 picks a free one. */
  port: number;
  adminPassword: string;
  password: string;
  /** See `start`. @default {false} */
  isDisposable?: boolean;
  /** Receives a message about each crash. */
  onCrash: (message: string) => void;
}

export interface EmbeddedPostgres {
  access: DatabaseAccess;
  /** Whether the cluster was made by this start. */
  isNew: boolean;
  stop(): Promise<void>;
}

/** Attempts: another program may take a free port before Postgres opens it. */
const FREE_PORTS = 3;

/** @throws {Error} if Postgres does not start. */
async function startOnPort(
  place: PostgresPlace,
  options: EmbeddedOptions,
): Promise<{ port: number; server: PostgresServer }> {
  for (let tried = 1;; tried++) {
    const port = requireFreePort(options.port, "--db-port");
    try {
      return { port, server: await start(place, port, options.isDisposable) };
    } catch (error) {
      if (options.port !== 0 || tried === FREE_PORTS || !isTaken(port)) throw error;
    }
  }
}

function isTaken(port: number): boolean {
  try {
    requireFreePort(port, "--db-port");
    return false;
  } catch (error) {
    return error instanceof PortTakenError;
  }
}

/** Stops a server that was left over, makes the cluster if needed, and starts it. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const place = await findPlace(options.data);
  await stopLeftover(place);
  requireFreePort(options.port, "--db-port");
  const isNew = await initialise(place, options.adminPassword);
  const first = await startOnPort(place, options);
  const { port } = first;
  let { server } = first;
  let stopping = false;

  /** Sessions of a killed server may live a moment longer, and hold what the next one needs. */
  async function startAgain(): Promise<void> {
    for (let attempt = 1; !stopping; attempt++) {
      try {
        server = await start(place, port, options.isDisposable);
        return;
      } catch (error) {
        if (attempt % ATTEMPTS_PER_MESSAGE === 0) {
          options.onCrash(`Postgres cannot be started again: ${(error as Error).message}`);
        }
        await sleep(RETRY_MS);
      }
    }
  }

  async function supervise(): Promise<void> {
    while (true) {
      await server.ended;
      if (stopping) return;
      options.onCrash("Postgres ended unexpectedly; starting it again.");
      await startAgain();
    }
  }
  const supervision = supervise();

  const adminUrl = `postgresql://${SUPERUSER}:${options.adminPassword}@127.0.0.1:${port}/postgres`;
  return {
    access: accessTo(adminUrl, withLogin(adminUrl, "postgres", options.password)),
    isNew,
    async stop() {
      stopping = true;
      await server.stop();
      await supervision;
      // Where it was being started again meanwhile.
      await server.stop();
    },
  };
}
