/** Checks ports before anything starts. */

/** Another program uses the port; the message names it and the option that changes it. */
export class PortTakenError extends Error {
  override name = "PortTakenError";
}

/**
 * Returns `port` if it is free on 127.0.0.1, or a free one for 0.
 * @param option The option that chooses another port, e.g. `--port`.
 */
export function requireFreePort(port: number, option: string): number {
  try {
    using listener = Deno.listen({ hostname: "127.0.0.1", port });
    return listener.addr.port;
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
