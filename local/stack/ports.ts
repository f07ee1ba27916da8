/** Finds and opens the stack's ports. */
import { ignoreTimeout, withTimeout } from "../time/with_timeout.ts";

const LOCAL = "127.0.0.1";

/** Requests may end, but a client may also never let go. */
const SHUTDOWN_MS = 3000;

/** A port, and the option that chooses another one, e.g. `--db-port`. */
export interface ChosenPort {
  port: number;
  option: string;
}

const HIGHEST = 65_535;

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: LOCAL, port }).close();
    return true;
  } catch {
    return false;
  }
}

/** 100, 200, ... above; 0, which is any free port, if none of them is free. */
function suggestPort(port: number): number {
  for (let next = port + 100; next <= HIGHEST; next += 100) if (isFree(next)) return next;
  return 0;
}

function describeTaken(taken: ChosenPort[]): string {
  const ports = taken.map(({ port }) => port).join(" and ");
  const options = taken.map(({ port, option }) => `${option} ${suggestPort(port)}`).join(" ");
  return taken.length === 1
    ? `Port ${ports} is taken by another program. Stop it, or choose another port: ${options}`
    : `Ports ${ports} are taken by other programs. Stop them, or choose other ports: ${options}`;
}

/** Other programs use ports; the message names all of them and the options that change them. */
export class PortTakenError extends Error {
  override name = "PortTakenError";
  readonly taken: ChosenPort[];

  constructor(taken: ChosenPort[]) {
    super(describeTaken(taken));
    this.taken = taken;
  }
}

/** Runs `open`, whose errors name the port and `option`. */
function explain<T>(port: number, option: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw new PortTakenError([{ port, option }]);
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error(`Port ${port} may not be used by this user. Choose one above 1023.`);
    }
    throw error;
  }
}

/**
 * Returns `port` if it is free on 127.0.0.1, or a free one for 0. Until it is opened, another program may take it.
 * @param option The option that chooses another port, e.g. `--db-port`.
 * @throws {PortTakenError}
 */
export function requireFreePort(port: number, option: string): number {
  using listener = explain(port, option, () => Deno.listen({ hostname: LOCAL, port }));
  return listener.addr.port;
}

export interface OpenPort {
  port: number;
  /** From now on requests are answered by `handler`. */
  serve(handler: Deno.ServeHandler): void;
  /** Lets requests end, for at most 3 seconds; a second call waits for the same end. */
  close(): Promise<void>;
}

/**
 * Opens a port for HTTP at once, so that no other program takes it during a start.
 * @param listen.port 0 opens a free one.
 * @param listen.hostname Address of this machine. @default {"127.0.0.1"}
 * @param option The option that chooses another port, e.g. `--port`.
 * @param starting Answers until there is a handler.
 * @throws {PortTakenError}
 */
export function openPort(
  { port, hostname = LOCAL }: { port: number; hostname?: string },
  option: string,
  starting: () => Response,
): OpenPort {
  let handle: Deno.ServeHandler = starting;
  const options = { hostname, port, onListen: () => {} };
  const server = explain(
    port,
    option,
    () => Deno.serve(options, (request, info) => handle(request, info)),
  );
  let closed: Promise<void> | undefined;
  return {
    port: server.addr.port,
    serve: (handler) => void (handle = handler),
    close: () => closed ??= withTimeout(SHUTDOWN_MS, server.shutdown()).catch(ignoreTimeout),
  };
}
