/** The end of a command before its time: Ctrl-C, SIGTERM, a closed terminal, or the end of npx. */
import { removeLeftovers } from "../leftovers/guard.ts";
import { print, stopPrinting } from "./console.ts";
import { watchLaunchers } from "./launchers.ts";

/** One Ctrl-C comes several times: from the terminal, and passed on by npx and by `deno task`. */
const SAME_KEYPRESS_MS = 1000;
const WATCH_MS = 1000;

/** Exit codes, as a shell gives them. */
const CODES = Deno.build.os === "windows"
  ? { SIGINT: 130 }
  : { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

let inOrder: AbortController | undefined;
let firstAt: number | undefined;
let isEnding = false;

/** Says one line, removes everything that the command would leave behind, and ends the process. */
async function endNow(message: string, code: number): Promise<void> {
  isEnding = true;
  print(message);
  stopPrinting();
  // What still runs loses its Postgres, and would say so.
  globalThis.addEventListener("unhandledrejection", (event) => event.preventDefault());
  globalThis.addEventListener("error", (event) => event.preventDefault());
  await removeLeftovers();
  Deno.exit(code);
}

export interface InterruptOptions {
  /** Whether the process also ends when npx, or `deno task`, ends before it. @default {true} */
  endsWithLauncher?: boolean;
}

/** From now on an interrupt ends this process at once; a command may ask for another end. */
export function endOnInterrupt(
  message: string | (() => string),
  { endsWithLauncher = true }: InterruptOptions = {},
): void {
  const onInterrupt = (code: number) => {
    if (firstAt !== undefined) {
      // The guard removes what is left.
      if (performance.now() - firstAt > SAME_KEYPRESS_MS) Deno.exit(code);
      return;
    }
    firstAt = performance.now();
    const said = typeof message === "string" ? message : message();
    if (inOrder === undefined) endNow(said, code);
    else inOrder.abort(new Error(said));
  };
  for (const [signal, code] of Object.entries(CODES)) {
    Deno.addSignalListener(signal as Deno.Signal, () => onInterrupt(code));
  }
  if (endsWithLauncher) watchLaunchers(WATCH_MS, () => onInterrupt(129));
}

/** Ends the process, unless an interrupt is ending it. */
export async function exit(code: number): Promise<never> {
  if (isEnding) await new Promise(() => {});
  Deno.exit(code);
}

/** From now on the first interrupt aborts this signal, and the command ends in order; a second ends it. */
export function interruptSignal(): AbortSignal {
  inOrder ??= new AbortController();
  return inOrder.signal;
}
