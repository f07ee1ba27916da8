/** The pictures of README.md, of the console of a seeded stack. */
import type { Browser, Page } from "playwright-core";
import type { Stack } from "../stack/stack.ts";
import { loadPicture } from "./load_picture.ts";
import { shrinkPng } from "./shrink_png.ts";

interface Picture {
  /** Without `.png`. */
  name: string;
  viewport: { width: number; height: number };
  colorScheme: "light" | "dark";
  /** Opens the page, and resolves when it shows what it should. */
  show: (page: Page, stack: Stack) => Promise<void>;
}

const DESKTOP = { width: 1200, height: 760 };
const PHONE = { width: 390, height: 760 };

/** A seeded order with a label whose parcel travels. */
const SHIPPED_ORDER = "576461000000000104";
const ADA_SHOP = "7490000000000000101";

async function signIn(page: Page, { env }: Stack, name: string): Promise<void> {
  await page.goto(env.SUPABASE_URL);
  await page.locator(".sample", { hasText: name }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor({ state: "attached" });
}

async function openPage(page: Page, text: string): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: text, exact: true }).click();
  await page.getByRole("heading", { name: text, exact: true }).waitFor();
}

const PICTURES: readonly Picture[] = [
  {
    name: "overview",
    viewport: DESKTOP,
    colorScheme: "light",
    async show(page, stack) {
      await signIn(page, stack, "Ada");
      await page.locator(".chart canvas").waitFor();
      await page.getByRole("link", { name: /^\d{18}$/ }).first().waitFor();
    },
  },
  {
    name: "order",
    viewport: DESKTOP,
    colorScheme: "light",
    async show(page, stack) {
      await signIn(page, stack, "Ada");
      await openPage(page, "Orders");
      await page.getByRole("link", { name: SHIPPED_ORDER }).click();
      await loadPicture(page.locator(".label-picture"));
    },
  },
  {
    name: "plan",
    viewport: DESKTOP,
    colorScheme: "light",
    async show(page, stack) {
      await signIn(page, stack, "Dan");
      await openPage(page, "Plan");
      await page.getByText("$29.00").waitFor();
      await page.getByRole("cell", { name: /^\d{18}/ }).first().waitFor();
    },
  },
  {
    name: "world",
    viewport: DESKTOP,
    colorScheme: "light",
    async show(page, stack) {
      await signIn(page, stack, "Ada");
      await page.getByRole("link", { name: "World" }).first().click();
      await page.locator(`option[value="${ADA_SHOP}"]`).waitFor({ state: "attached" });
      await page.getByLabel("Shop").first().selectOption(ADA_SHOP);
      await page.getByRole("button", { name: "An order", exact: true }).click();
      await page.getByText("It has arrived.").waitFor();
    },
  },
  {
    name: "operator",
    viewport: DESKTOP,
    colorScheme: "dark",
    async show(page, stack) {
      await page.goto(stack.operatorUrl);
      await openPage(page, "Health");
      await page.getByRole("cell").first().waitFor();
    },
  },
  {
    name: "phone",
    viewport: PHONE,
    colorScheme: "dark",
    async show(page, stack) {
      await signIn(page, stack, "Ada");
      await openPage(page, "Orders");
      await page.getByRole("link", { name: /^\d{18}$/ }).first().waitFor();
    },
  },
];

/**
 * Takes every picture, one after the other.
 * @throws {Error} if a page does not show what it should
 */
export async function takePictures(
  browser: Browser,
  stack: Stack,
  onPicture: (name: string, png: Uint8Array) => Promise<void>,
): Promise<void> {
  for (const { name, viewport, colorScheme, show } of PICTURES) {
    const context = await browser.newContext({
      ...{ viewport, colorScheme, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC" },
    });
    const page = await context.newPage();
    await show(page, stack);
    // Charts are drawn in the frame after their data.
    await page.evaluate(
      "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
    );
    await onPicture(name, shrinkPng(await page.screenshot()));
    await context.close();
  }
}
