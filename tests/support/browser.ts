/** A headless Chromium for tests: windows that are watched, and barriers that axe finds. */
import { createRequire } from "node:module";
import type { Browser, Locator, Page } from "playwright-core";
import { until } from "./until.ts";

export { findBrowser, launchBrowser } from "../../local/browser/launch_browser.ts";

/** What a page must never do, as it happens. */
export interface Watch {
  problems: string[];
}

/**
 * Opens an empty window of its own, and notes errors of scripts, policy violations and requests to others.
 * @param site Address of the site that its pages are of.
 */
export async function openWindow(
  browser: Browser,
  site: string,
): Promise<{ page: Page } & Watch> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    // Each frame of an animation costs CPU time, and axe would see colours that pass.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) problems.push(message.text());
  });
  page.on("request", (request) => {
    const target = new URL(request.url());
    const isOwn = target.host === new URL(site).host ||
      /^(data|blob|about):$/.test(target.protocol);
    if (!isOwn) problems.push(`request to ${target.origin}`);
  });
  return { page, problems };
}

/** Waits until the page shows it. Playwright's own `waitFor` soon looks only twice a second. */
export async function seeShown(locator: Locator, timeoutMs?: number): Promise<void> {
  await until(`${locator} is shown`, () => locator.isVisible(), timeoutMs);
}

/** Waits until the page no longer has it. */
export async function seeGone(locator: Locator): Promise<void> {
  await until(`${locator} is gone`, async () => await locator.count() === 0);
}

/** Never called: Deno installs only packages whose import it can see. */
export const axePackage = () => import("axe-core");

/** Read, not imported: it is for pages only, and short, for each page that is loaded receives it. */
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe finds on the page as it is now. */
export async function findBarriers(page: Page): Promise<string[]> {
  const isLoaded = await page.evaluate("'axe' in globalThis");
  if (!isLoaded) await page.evaluate(`${await Deno.readTextFile(AXE)};0`);
  const found = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations" +
      ".map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))",
  );
  return found as string[];
}
