/** Windows of the console, signed in as sellers and operators. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import type { StackEnvironment } from "../../local/stack/environment.ts";
import {
  findBrowser,
  launchBrowser,
  openWindow,
  seeGone,
  seeShown,
  type Watch,
} from "./browser.ts";

/** Password of the sellers that `connectSeller` makes. */
const PASSWORD = "a-password";

export interface WindowOptions {
  /** What the page does by a timer that repeats: nothing, or four times as often. @default {"as usual"} */
  timers?: "none" | "fast";
  /** Whether the page gets no live connection. @default {false} */
  isWithoutLive?: boolean;
}

const TIMERS = {
  none: "globalThis.setInterval = () => 0",
  fast: "const set = setInterval; globalThis.setInterval = (work, ms) => set(work, ms / 4)",
};

export interface ConsoleWindow extends Watch {
  page: Page;
  /** Everything that came by the live connection. */
  messages: string[];
  /** Addresses that were loaded, also again. */
  loads: string[];
  /** Paths of all requests. */
  requests: string[];
}

/** A window of its own, at a page of the console. */
export async function openConsole(
  browser: Browser,
  url: string,
  { timers, isWithoutLive = false }: WindowOptions = {},
): Promise<ConsoleWindow> {
  const { page, problems } = await openWindow(browser, url);
  const messages: string[] = [];
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => messages.push(String(payload)));
  });
  const requests: string[] = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  if (isWithoutLive) await page.routeWebSocket(/realtime/, (socket) => socket.close());
  if (timers) await page.addInitScript(TIMERS[timers]);
  await page.goto(url);
  const loads: string[] = [];
  page.on("domcontentloaded", () => loads.push(page.url()));
  return { page, problems, messages, loads, requests };
}

/** Signs the seller in on the page, which stays where it is. */
async function signInAs(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByRole("button", { name: "I have an account" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** A window of a seller, at a path that only sellers see. */
export async function openSeller(
  browser: Browser,
  env: StackEnvironment,
  { email }: { email: string },
  { path = "/seller/orders", ...options }: WindowOptions & { path?: string } = {},
): Promise<ConsoleWindow> {
  const opened = await openConsole(browser, `${env.SUPABASE_URL}${path}`, options);
  await signInAs(opened.page, email);
  return opened;
}

/** Address that signs an operator in, once. */
export async function operatorLink(env: StackEnvironment): Promise<string> {
  const response = await fetch(`${env.SUPABASE_URL}/console/api/operator-links`, {
    method: "POST",
    headers: { apikey: env.SUPABASE_SECRET_KEY },
  });
  const { path } = await response.json();
  return `${env.SUPABASE_URL}${path}`;
}

/** Goes to pages by their links in the navigation, by path and heading, and looks at each. */
export async function visitPages(
  page: Page,
  pages: Record<string, string>,
  look: (path: string) => Promise<void>,
): Promise<void> {
  for (const [path, heading] of Object.entries(pages)) {
    await page.getByRole("navigation").locator(`a[href="${path}"]`).first().click();
    await seeShown(page.getByRole("heading", { name: heading, level: 1 }));
    await seeGone(page.locator(".loading"));
    await look(path);
  }
}

/** Links, buttons and fields of the page that a message lies over. */
export async function findCovered(page: Page): Promise<string[]> {
  return await page.evaluate(`(() => {
    const boxesOf = (selector) => [...document.querySelectorAll(selector)]
      .map((element) => [element.textContent, element.getBoundingClientRect()]);
    const toasts = boxesOf(".toast");
    return boxesOf("#main :is(a, button, input, select), .pages a")
      .filter(([, box]) => toasts.some(([, over]) =>
        box.left < over.right && over.left < box.right &&
        box.top < over.bottom && over.top < box.bottom))
      .map(([text]) => text);
  })()`);
}

export interface WatchedRestart extends AsyncDisposable {
  /** Waits until the pages say that the stack is gone. */
  seeEnd(): Promise<void>;
  /** Waits until the order is shown, live and without a reload; the operator's session goes on. */
  seeOrder(id: string): Promise<void>;
}

/** Opens a seller's orders and the operator's inbox. `undefined` on a machine without a browser. */
export async function watchRestart(
  env: StackEnvironment,
  seller: { email: string },
): Promise<WatchedRestart | undefined> {
  if (findBrowser() === undefined) return undefined;
  await using own = new AsyncDisposableStack();
  const browser = own.use(await launchBrowser());
  const orders = await openSeller(browser, env, seller);
  await orders.page.getByText("Live", { exact: true }).waitFor();
  const inbox = await openConsole(browser, await operatorLink(env));
  await inbox.page.getByRole("heading", { name: "Events" }).first().waitFor();
  const notice = inbox.page.getByText("The local stack does not answer.");
  const kept = own.move();
  return {
    async seeEnd() {
      await orders.page.getByText("Not reachable", { exact: true }).waitFor();
      await notice.waitFor();
    },
    async seeOrder(id) {
      await orders.page.getByRole("link", { name: id }).waitFor({ timeout: 60_000 });
      await orders.page.getByText("Live", { exact: true }).waitFor({ timeout: 60_000 });
      await notice.waitFor({ state: "detached" });
      await inbox.page.getByRole("row").filter({ hasText: id }).first().waitFor();
      const windows = [orders, inbox];
      assert.deepEqual(windows.flatMap(({ loads, problems }) => [...loads, ...problems]), []);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
