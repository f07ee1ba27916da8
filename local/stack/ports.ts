/** Finds and opens the stack's ports. */
import { ignoreTimeout, withTimeout } from "../time/with_timeout.ts";

const LOCAL = "127.0.0.1";

/** Requests may end, but a client may also never let go. */
const SHUTDOWN_MS = 3000;

/** Another program uses the port; the message names it and the option that changes it. */
export class PortTakenError extends Error {
  override name = "PortTakenError";
}

/** Runs `open`, whose errors name the port and `option`. */
function explain<T>(port: number, option: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new PortTakenError(
        `Port ${port} is taken by another program. Stop it, or choose another port: ${option} ${
          port + 100
        }`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new PortTakenError(`Port ${port} may not be used by this user. Choose one above 1023.`);
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
