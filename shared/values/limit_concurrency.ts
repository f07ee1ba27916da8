/** Limits how many calls run at once. */

export type Limit = <T>(run: () => Promise<T>) => Promise<T>;

/** Returns a function that runs what it is given, at most `limit` at once; the others wait in their order. */
export function limitConcurrency(limit: number): Limit {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (running < limit) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      // The next one takes this place.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
