/** Two or more things measured in turn, so that the machine's load concerns all of them. */

/** @returns what each side measured in each round, such as milliseconds of CPU. */
export async function sampleInTurn<Side extends string>(
  rounds: number,
  sides: Record<Side, () => Promise<number>>,
): Promise<Record<Side, number[]>> {
  const names = Object.keys(sides) as Side[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Side,
    number[]
  >;
  // The first round fills caches and is not counted.
  for (let round = -1; round < rounds; round++) {
    // The order alternates: what runs first pays for what the other left behind.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const sample = await sides[name]();
      if (round >= 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** @returns the milliseconds of each round, by side. */
export async function measureInTurn<Side extends string>(
  rounds: number,
  sides: Record<Side, () => Promise<unknown>>,
): Promise<Record<Side, number[]>> {
  const timed = (Object.entries(sides) as [Side, () => Promise<unknown>][]).map(([name, run]) => {
    const measure = async () => {
      const startedAt = performance.now();
      await run();
      return performance.now() - startedAt;
    };
    return [name, measure] as const;
  });
  return await sampleInTurn(
    rounds,
    Object.fromEntries(timed) as Record<Side, () => Promise<number>>,
  );
}

export interface Measured {
  times: number[];
  /** Milliseconds of Postgres's processes in each round. */
  cpu: number[];
}

/** As `measureInTurn`, with the CPU time that `readCpu` counts. */
export async function measureWithCpu<Side extends string>(
  rounds: number,
  readCpu: () => Promise<number>,
  sides: Record<Side, () => Promise<unknown>>,
): Promise<Record<Side, Measured>> {
  const names = Object.keys(sides) as Side[];
  const cpu = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  const counted = names.map((name) => [name, async () => {
    const before = await readCpu();
    await sides[name]();
    cpu[name]?.push(await readCpu() - before);
  }]);
  const times = await measureInTurn(rounds, Object.fromEntries(counted) as typeof sides);
  return Object.fromEntries(
    // Without the round that fills caches.
    names.map((name) => [name, { times: times[name], cpu: cpu[name]?.slice(1) ?? [] }]),
  ) as Record<Side, Measured>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? NaN, sorted[middle] ?? NaN];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** The ratio of each pair of rounds: its median, and the smallest and largest. */
export function compareRounds(
  measured: readonly number[],
  base: readonly number[],
): { ratio: number; spread: readonly [number, number] } {
  const ratios = measured.map((value, round) => value / (base[round] ?? NaN));
  return { ratio: median(ratios), spread: [Math.min(...ratios), Math.max(...ratios)] };
}

/** The difference of each pair of rounds: its median, and the smallest and largest. */
export function subtractRounds(
  measured: readonly number[],
  base: readonly number[],
): { ratio: number; spread: readonly [number, number] } {
  const more = measured.map((value, round) => value - (base[round] ?? NaN));
  return { ratio: median(more), spread: [Math.min(...more), Math.max(...more)] };
}
