/** Tests that share what takes long to start: steps of one test, in their order. */

/**
 * Returns what adds a step. The sanitizers look at the test as a whole, for a stack goes on living between
 * its steps.
 * @param start What it returns ends with the test.
 * @param afterEach Runs after every step, failed ones too.
 */
export function testOnOneStack(
  name: string,
  start: () => Promise<AsyncDisposable>,
  afterEach: () => void = () => {},
): (name: string, work: () => Promise<void>) => void {
  const steps: [name: string, work: () => Promise<void>][] = [];
  Deno.test(name, async (t) => {
    await using _shared = await start();
    for (const [name, work] of steps) {
      await t.step({
        name,
        sanitizeOps: false,
        sanitizeResources: false,
        async fn() {
          try {
            await work();
          } finally {
            afterEach();
          }
        },
      });
    }
  });
  return (name, work) => void steps.push([name, work]);
}
