/** The mark of a process that goes on without its terminal: it does not end with what has started it. */

/** Variable of that process. */
export const DETACHED = "CREATORFLOW_DETACHED";

export function isDetached(): boolean {
  return Deno.env.get(DETACHED) === "1";
}
