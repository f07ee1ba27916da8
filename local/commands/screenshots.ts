/** `deno task screenshots`: the pictures of README.md, taken from a console with sample data. */
import { join, resolve } from "node:path";
import { command } from "../cli/command.ts";
import { print, redirectConsole } from "../cli/console.ts";
import { findBrowser, launchBrowser } from "../browser/launch_browser.ts";
import { takePictures } from "../browser/pictures.ts";
import { makeTemporaryData } from "../leftovers/temporary_folder.ts";
import { withConnection } from "../postgres/connection.ts";
import { seedStack } from "../seed/seed_stack.ts";
import { startStack } from "../stack/stack.ts";
import type { Stack } from "../stack/stack.ts";

/** As of shops that have been connected for long: each order arrived when it was placed. */
async function spreadArrivals({ database }: Stack): Promise<void> {
  await withConnection(database.adminUrl, async (sql) => {
    await sql`
      update public.orders set created_at = tiktok_created_at
      where tiktok_created_at < created_at`;
  });
}

async function takeAll(stack: Stack, folder: string): Promise<void> {
  print("Seeding it: sellers with shops, orders, labels and plans.");
  await seedStack(stack.env);
  await spreadArrivals(stack);
  await Deno.mkdir(folder, { recursive: true });
  await using browser = await launchBrowser();
  await takePictures(browser, stack, async (name, png) => {
    const path = join(folder, `${name}.png`);
    await Deno.writeFile(path, png);
    print(`${path}   ${Math.ceil(png.length / 1024)} KB`);
  });
}

export default await command(import.meta, {
  name: "screenshots",
  help:
    `Takes the pictures of README.md again, from the console of a stack of its own with sample data.

  npx -y deno@2.9.5 task screenshots [--out DIR]

  --out DIR   where the PNG files go                          (docs/images)
  --help

It needs a Chromium: the variable CHROMIUM names one that is not in a usual place.`,
  options: { out: { type: "string", default: "docs/images" } },
  async run({ values }) {
    if (findBrowser() === undefined) {
      throw new Error(
        "This machine has no Chromium: no picture was taken. Install one, or set the variable " +
          "CHROMIUM to its path.",
      );
    }
    await using data = await makeTemporaryData("creatorflow-screenshots-");
    redirectConsole(join(data.path, "console.log"));
    print("Starting a stack.");
    const stack = await startStack({
      port: 0,
      dbPort: 0,
      data: data.path,
      confirmEmail: false,
      environment: {},
      schedule: false,
    });
    try {
      await takeAll(stack, resolve(values.out));
    } finally {
      await stack.stop();
    }
  },
});
