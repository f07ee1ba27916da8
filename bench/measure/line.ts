/** A line of the bench's table: things that are measured in one run and compared. */

export interface Target {
  /** `at least` for throughputs, `at most` for times, costs and exponents. */
  bound: "at least" | "at most";
  value: number;
}

export interface Comparison {
  what: string;
  /** What it is compared with. */
  against: string;
  /** Median of the rounds; with `unit` a difference instead of a ratio. */
  ratio: number;
  /** The unit of `ratio`, `spread` and `target`. */
  unit?: "ms" | "kB";
  /** The smallest and the largest round. */
  spread?: readonly [number, number];
  target?: Target;
  /** Where the target has a second form that holds, such as a few microseconds in place of a ratio. */
  isMetOtherwise?: boolean;
  /** Figures behind the ratio, with their units. */
  figures?: string;
  /** Why the target does not hold here, for calls that grow. */
  reason?: string;
}

export interface Line {
  /** As `deno task bench NAME` takes it. */
  name: string;
  title: string;
  measure(): Promise<Comparison[]>;
}

export function isMet({ ratio, target, isMetOtherwise }: Comparison): boolean {
  if (target === undefined || isMetOtherwise) return true;
  return target.bound === "at least" ? ratio >= target.value : ratio <= target.value;
}
