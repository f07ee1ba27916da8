/** `deno task reset`: deletes what the local stack keeps, so that the next start begins anew. */
import { parseArgs } from "node:util";
import { join, resolve } from "node:path";
import { lockData } from "../stack/lock.ts";
import { shownPath } from "../cli/options.ts";
import { findPlace } from "../postgres/binaries.ts";
import { stopLeftover } from "../postgres/server.ts";
import { print } from "../cli/console.ts";

const HELP = `Deletes the database, keys and logs of the local stack. Stop the stack first.

  npx -y deno@2.9.5 task reset [--data DIR]    (.local)`;

/** Only these: the folder may be one that holds other things too. */
const OURS = [
  "cluster",
  "easypost-simulator.jsonl",
  "stripe-simulator.jsonl",
  "env",
  "function-host.pid",
  "keys.json",
  "lock",
  "logs",
  "postgres",
  "tiktok-simulator.jsonl",
];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: ".local" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const data = resolve(values.data);
  const shown = shownPath(data);
  if (!await Deno.stat(join(data, "keys.json")).then(() => true, () => false)) {
    print(`There is no stack in ${shown}/; nothing was deleted.`);
    return 0;
  }
  {
    using _lock = await lockData(data);
    const place = await findPlace(data);
    const isOurs = await Deno.stat(place.data).then(() => true, () => false);
    if (!isOurs) print("Its Postgres was one of yours (SUPABASE_DB_URL): that is left as it is.");
    await stopLeftover(place);
    await Deno.remove(place.data, { recursive: true }).catch(() => {});
    for (const name of OURS) {
      await Deno.remove(join(data, name), { recursive: true }).catch(() => {});
    }
  }
  await Deno.remove(data).catch(() => {});
  print(`Deleted the stack in ${shown}/. The next start begins anew.`);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
