/** Ctrl-C for commands that have to clean up. */

/** One Ctrl-C comes several times: from the terminal, and passed on by npx and by `deno task`. */
const SAME_KEYPRESS_MS = 1000;

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Aborts at Ctrl-C, with an error of this message, instead of ending the process. A second Ctrl-C ends
 * the process at once, with exit code 130.
 */
export function interruptSignal(message: string): AbortSignal {
  const interrupted = new AbortController();
  let firstAt: number | undefined;
  const onSignal = () => {
    firstAt ??= performance.now();
    if (performance.now() - firstAt > SAME_KEYPRESS_MS) Deno.exit(130);
    interrupted.abort(new Error(message));
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  return interrupted.signal;
}
