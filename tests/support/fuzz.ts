/** Runs of random input, which their seed repeats. */
import type { Mutation } from "./mutations.ts";

/** FUZZ_SEED repeats a run that failed. */
export function newSeed(): number {
  return Number(Deno.env.get("FUZZ_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
}

const AT_ONCE = 12;

/** Calls `work` with 0 to `count` - 1, several at once. */
export async function inParallel(
  count: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) await work(next++);
  }));
}

export function describeMutation(
  seed: number,
  index: number,
  { operators, body }: Mutation,
): string {
  const text = JSON.stringify(new TextDecoder().decode(body.subarray(0, 400)));
  return `FUZZ_SEED=${seed}, body ${index} (${operators.join(", ")}): ${text}`;
}
