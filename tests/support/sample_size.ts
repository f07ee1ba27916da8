/** How much a test with random input tries: less in the gate than in `deno task test:long`. */

export function sampleSize({ gate, long }: { gate: number; long: number }): number {
  return Deno.env.get("TEST_SAMPLES") === "long" ? long : gate;
}
