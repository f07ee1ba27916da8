/** Makes one call of many: what waits while a call is under way goes into the next one. */

/**
 * @param run Takes at most `most` items, and returns a result for each, in their order; its error is that of all.
 * @returns A function that takes one item, and resolves with its result.
 */
export function inGroups<Item, Result>(
  most: number,
  run: (items: Item[]) => Promise<Result[]>,
): (item: Item) => Promise<Result> {
  const waiting: { item: Item; result: PromiseWithResolvers<Result> }[] = [];
  let isRunning = false;

  async function runAll(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, most);
      try {
        const results = await run(group.map(({ item }) => item));
        for (const [n, { result }] of group.entries()) result.resolve(results[n] as Result);
      } catch (error) {
        for (const { result } of group) result.reject(error);
      }
    }
    isRunning = false;
  }

  return (item) => {
    const result = Promise.withResolvers<Result>();
    waiting.push({ item, result });
    if (!isRunning) runAll();
    return result.promise;
  };
}
