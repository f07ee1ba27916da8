/** @supabase/lite prints every database error with its stack: that belongs in a file. */
import { format } from "node:util";

/** From now on, what this process prints through `console` goes to `path`. */
export function redirectConsole(path: string): void {
  const write = (...values: unknown[]) => {
    const line = `${new Date().toISOString()} ${format(...values)}\n`;
    Deno.writeTextFileSync(path, line, { append: true, mode: 0o600 });
  };
  Object.assign(console, { log: write, info: write, warn: write, error: write, debug: write });
}

/** Prints to the terminal, whatever became of `console`. */
export function print(text: string): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  } catch {
    // The terminal is gone; what is being done goes on.
  }
}
