/** Tests that share a browser, because one takes long to start; each has windows of its own. */
import type { Browser } from "playwright-core";
import { findBrowser, launchBrowser } from "../../local/browser/launch_browser.ts";
import { test } from "./shared_stack.ts";
import type { TestStack } from "./stack.ts";

let shared: Browser | undefined;

Deno.test.afterAll(() => shared?.close());

/** Another one after a crash. */
async function takeBrowser(): Promise<Browser> {
  if (!shared?.isConnected()) shared = await launchBrowser();
  return shared;
}

/** A test over the shared stack, whose windows end with it; ignored on a machine without a browser. */
export function testInBrowser(
  name: string,
  work: (stack: TestStack, browser: Browser) => Promise<void>,
): void {
  if (findBrowser() === undefined) {
    Deno.test.ignore(`${name} (no Chromium here: set CHROMIUM to its path)`, () => {});
    return;
  }
  test(name, async (stack) => {
    const browser = await takeBrowser();
    try {
      await work(stack, browser);
    } finally {
      await Promise.all(browser.contexts().map((context) => context.close()));
    }
  });
}
