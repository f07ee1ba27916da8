/** A headless Chromium, where the machine has one. */
import type { Browser } from "playwright-core";

/** Usual places; the variable CHROMIUM names another. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Each window would start two more renderers, for the address bar that a headless one does not show. */
const ADDRESS_BAR = ["WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"];

/** A renderer in reserve for each page that opens. */
const RESERVE = ["SpareRendererForSitePerProcess"];

/** Those that Playwright switches off: another list replaces its own (chromiumSwitches.ts of 1.65). */
const PLAYWRIGHT = [
  ...["AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"],
  ...["HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"],
  ...["ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect"],
  ...["OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"],
];

/** Those that Playwright switches on. */
const PLAYWRIGHT_ON = ["CDPScreenshotNewSurface", "SkipListAccountsWithoutGaiaCookies"];

/** Messages between processes cost more than the network and the drawing of small pages. */
const IN_PROCESS = ["NetworkServiceInProcess2"];

/** Pages live for seconds: optimising their scripts costs more than it saves. */
const SCRIPTS = "--js-flags=--no-opt,--no-maglev";

/** The bars around a page would be drawn, although a headless browser does not show them. */
const WITHOUT_BARS = "--kiosk";

const ARGUMENTS = [
  `--disable-features=${[...ADDRESS_BAR, ...RESERVE, ...PLAYWRIGHT].join(",")}`,
  `--enable-features=${[...IN_PROCESS, ...PLAYWRIGHT_ON].join(",")}`,
  ...["--in-process-gpu", SCRIPTS, WITHOUT_BARS],
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** Path of the browser, or `undefined`. */
export function findBrowser(): string | undefined {
  const chosen = Deno.env.get("CHROMIUM");
  return [...(chosen ? [chosen] : []), ...PLACES].find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** @throws {Error} if the machine has none */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) {
    throw new Error("This machine has no Chromium. Set the variable CHROMIUM to its path.");
  }
  // Half a second of CPU time, for those who start one only.
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath, args: ARGUMENTS });
}
