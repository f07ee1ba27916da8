/** Tests that share a stack, because a stack takes long to start. */
import { join } from "node:path";
import { redirectConsole } from "../../local/cli/console.ts";
import { keepSeller, lacksSeller, shareSellers } from "./kept_sellers.ts";
import { withTimeout } from "../../local/time/with_timeout.ts";
import { readFunctionLog } from "./logs.ts";
import { forgetRows, rememberRows, resetRows } from "./reset_database.ts";
import { connectNewSeller } from "./shop.ts";
import { startTestStack, type TestStack } from "./stack.ts";
import { allSimulators } from "../../local/stack/start_simulators.ts";

const IDLE_MS = 5000;

let shared: TestStack | undefined;

async function endStack(stack: TestStack | undefined): Promise<void> {
  if (stack === undefined) return;
  await forgetRows(stack);
  await stack[Symbol.asyncDispose]();
}

Deno.test.afterAll(() => endStack(shared));

/** Whether the functions have ended all their work, in a process that lives, and their log is written. */
async function isIdle(stack: TestStack): Promise<boolean> {
  return await withTimeout(IDLE_MS, readFunctionLog(stack)).then(() => true, () => false);
}

/** Returns the stack as it was when it started: without rows, simulators' state and log lines. */
async function resetStack(stack: TestStack): Promise<TestStack> {
  const simulators = await stack.replaceSimulators();
  await resetRows(stack);
  await Deno.truncate(`${stack.data}/logs/functions.log`);
  return { ...stack, ...simulators, opened: new AsyncDisposableStack() } as TestStack;
}

async function takeStack(): Promise<TestStack> {
  if (shared === undefined) {
    shared = await startTestStack();
    await rememberRows(shared);
    shareSellers(shared);
  }
  // A stack that a test of this file started for itself has redirected it into its own folder.
  redirectConsole(join(shared.data, "console.log"));
  return shared;
}

/** As `resetStack`; a stack whose last test had to connect a seller keeps one for the next tests. */
async function prepareStack(used: TestStack): Promise<TestStack> {
  const stack = await resetStack(used);
  if (!lacksSeller(stack)) return stack;
  await keepSeller(stack, connectNewSeller);
  return await resetStack(stack);
}

/** After a test that failed, or left functions at work, the next one gets another stack. */
async function giveBack(stack: TestStack, passed: boolean): Promise<void> {
  shared = undefined;
  try {
    await stack.opened.disposeAsync();
    for (const { simulator } of allSimulators(stack)) simulator.faults.close();
    if (passed && await isIdle(stack)) shared = await prepareStack(stack);
  } finally {
    if (shared === undefined) await endStack(stack);
  }
}

/**
 * A test over a stack that nothing has used yet, as far as the test can see: the tests of a file take the
 * same one in turn. The sanitizers would see its connections come and go.
 */
export function test(name: string, work: (stack: TestStack) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const stack = await takeStack();
      let passed = false;
      try {
        await work(stack);
        passed = true;
      } finally {
        await giveBack(stack, passed);
      }
    },
  });
}

/** The stack of a test with steps. */
let borrowed: TestStack | undefined;
let hasFailed = false;

/** The shared stack, for a test with steps; it is given back, and reset, at the end of the test. */
export async function borrowStack(): Promise<TestStack> {
  const stack = await takeStack();
  hasFailed = false;
  return borrowed = {
    ...stack,
    async [Symbol.asyncDispose]() {
      borrowed = undefined;
      await giveBack(stack, !hasFailed);
    },
  };
}

/** As `start`; if it fails, the stack that it has borrowed is given back. */
async function startOver(start: () => Promise<AsyncDisposable>): Promise<AsyncDisposable> {
  try {
    return await start();
  } catch (error) {
    hasFailed = true;
    await borrowed?.[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Returns what adds a step. The sanitizers would see connections come and go, for a stack goes on living
 * between the steps, and a shared one after them.
 * @param start What it returns ends with the test.
 * @param afterEach Runs after every step, failed ones too.
 */
export function testOnOneStack(
  name: string,
  start: () => Promise<AsyncDisposable>,
  afterEach: () => void = () => {},
): (name: string, work: () => void | Promise<void>) => void {
  const steps: [name: string, work: () => void | Promise<void>][] = [];
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      await using _started = await startOver(start);
      for (const [name, work] of steps) {
        const passed = await t.step({
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
        if (!passed) hasFailed = true;
      }
    },
  });
  return (name, work) => void steps.push([name, work]);
}
