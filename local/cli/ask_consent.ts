/** Questions on the terminal. */
import { print } from "./console.ts";

/**
 * Asks a yes-or-no question; without a terminal the answer is no. The runtime's `confirm` would keep signals
 * from the command until the answer comes.
 */
export async function askConsent(question: string): Promise<boolean> {
  if (!Deno.stdin.isTerminal()) return false;
  print(`${question} [y/N]`);
  const answer = new Uint8Array(64);
  const length = await Deno.stdin.read(answer) ?? 0;
  return /^y(es)?$/i.test(new TextDecoder().decode(answer.subarray(0, length)).trim());
}
