/**
 * How much a test does whose input may be small or large: less in the gate than in `deno task test:long`. Both
 * run the same code; calls that race go on at once in both.
 */

export function sampleSize({ gate, long }: { gate: number; long: number }): number {
  return Deno.env.get("TEST_SAMPLES") === "long" ? long : gate;
}
