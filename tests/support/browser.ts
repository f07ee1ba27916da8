/** A headless Chromium for tests: windows that are watched, and barriers that axe finds. */
import type { Browser, Page } from "playwright-core";
import axe from "axe-core";

export { findBrowser, launchBrowser } from "../../local/browser/launch_browser.ts";

/** What a page must never do, as it happens. */
export interface Watch {
  problems: string[];
}

/**
 * Opens a window of its own, and notes errors of scripts, policy violations and requests to others.
 * @param site Address of the site whose page it is. @default {url}
 */
export async function openWindow(
  browser: Browser,
  url: string,
  site = url,
): Promise<{ page: Page } & Watch> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
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
  await page.goto(url);
  return { page, problems };
}

/** What axe finds on the page as it is now. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(`${axe.source};0`);
  const found = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations" +
      ".map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))",
  );
  return found as string[];
}
