/** The example app: built with the typed client, and clicked through as a seller does. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeTemporaryFolder } from "../../local/leftovers/temporary_folder.ts";
import { findBrowser, launchBrowser } from "../support/browser.ts";
import { receiveOrder } from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const APP = new URL("../../examples/app/", import.meta.url);
const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
};

function install(): void {
  const args = ["ci", "--no-audit", "--no-fund"];
  const { success, stderr } = new Deno.Command("npm", { args, cwd: fileURLToPath(APP) })
    .outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** Why the test cannot run here. */
function missing(): string | undefined {
  try {
    Deno.statSync(new URL("node_modules/vite", APP));
  } catch {
    return "Vite is not installed: deno task test:example";
  }
  return findBrowser() === undefined ? "this machine has no Chromium" : undefined;
}

async function run(args: string[], env: Record<string, string> = {}): Promise<void> {
  const cwd = fileURLToPath(APP);
  const command = new Deno.Command("node", { args, cwd, env, stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

/** With the addresses of this stack. */
async function buildApp({ env }: TestStack, folder: string): Promise<void> {
  await run(["node_modules/typescript/bin/tsc"]);
  await run(["node_modules/vite/bin/vite.js", "build", "--outDir", folder], {
    VITE_SUPABASE_URL: env.SUPABASE_URL,
    VITE_SUPABASE_PUBLISHABLE_KEY: env.SUPABASE_PUBLISHABLE_KEY,
  });
}

function serveFolder(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    const path = pathname === "/" ? "/index.html" : pathname;
    const type = TYPES[path.split(".").pop() ?? ""] ?? "application/octet-stream";
    return new Response(await Deno.readFile(folder + path), { headers: { "content-type": type } });
  });
}

if (Deno.env.get("TEST_EXAMPLE") === "install") install();
const reason = missing();
const story =
  "a seller signs in to the example app, sees orders and usage, buys a label, and signs out";

if (reason !== undefined) Deno.test.ignore(`${story} (${reason})`, () => {});
else {
  test(story, async (stack) => {
    const seller = await connectSeller(stack);
    const order = await receiveOrder(stack, seller);
    await using folder = await makeTemporaryFolder("creatorflow-example-");
    await buildApp(stack, folder.path);
    await using server = serveFolder(folder.path);
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));

    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await page.fill("[name=email]", seller.email);
    await page.fill("[name=password]", "a-password");
    await page.click("text=Sign in");
    const row = page.locator(`[data-order="${order.tiktokId}"]`);
    await row.waitFor();
    assert.match(await row.innerText(), /To ship/);
    // Not even in a form that is out of sight.
    assert.equal(await page.isVisible("#sign-in"), false);
    assert.equal(await page.inputValue("[name=password]"), "");
    await page.locator("#usage").getByText("1 of 10 orders this month").waitFor();

    await page.context().setOffline(true);
    await row.getByText("Rates").click();
    await page.locator("#message").getByText("The backend did not answer").waitFor();
    await page.context().setOffline(false);
    await row.getByText("Rates").click();
    await page.locator("#label li").getByText("UPS 2nd Day Air").waitFor();
    await page.locator("#label li").getByText("Buy").first().click();
    const label = page.locator("#label a");
    await label.waitFor();
    const [shipment] = await stack.sql`select label_url, tracking_number from public.shipments`;
    assert.equal(await label.getAttribute("href"), shipment?.label_url);
    assert.equal(await label.innerText(), `Label ${shipment?.tracking_number}`);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("#sign-in").waitFor();
    await page.reload();
    await page.locator("#sign-in").waitFor();
    assert.equal(await page.isVisible("#app"), false);
    assert.deepEqual(errors, []);
  });
}
