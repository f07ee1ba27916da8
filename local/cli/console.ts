/** Output of commands. */
import { format } from "node:util";

/** Redirects `console` to a file: @supabase/lite prints every database error there, with its stack. */
export function redirectConsole(path: string): void {
  const write = (...values: unknown[]) => {
    const line = `${new Date().toISOString()} ${format(...values)}\n`;
    Deno.writeTextFileSync(path, line, { append: true, mode: 0o600 });
  };
  Object.assign(console, { log: write, info: write, warn: write, error: write, debug: write });
}

let isPrinting = true;

/** Nothing is printed any more: the command has said its last line. */
export function stopPrinting(): void {
  isPrinting = false;
}

/** Prints to the terminal, also after `redirectConsole`. */
export function print(text: string): void {
  if (!isPrinting) return;
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  } catch {
    // The terminal is closed; the command continues.
  }
}
