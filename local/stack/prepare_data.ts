/** First step of a start: the data folder, the port and the keys. */
import { join } from "node:path";
import { loadKeys, type LocalKeys } from "./keys.ts";
import { lockData } from "./lock.ts";
import { requireFreePort } from "./ports.ts";
import type { Resources } from "./resources.ts";
import type { StackSettings } from "./settings.ts";

export interface PreparedData {
  port: number;
  keys: LocalKeys;
}

/** @throws {Error} if another stack uses the folder, or another program the port. */
export async function prepareData(
  settings: Pick<StackSettings, "data" | "port">,
  resources: Resources,
): Promise<PreparedData> {
  await Deno.mkdir(join(settings.data, "logs"), { recursive: true });
  const lock = await lockData(settings.data);
  resources.defer(() => lock[Symbol.dispose]());
  return { port: requireFreePort(settings.port, "--port"), keys: await loadKeys(settings.data) };
}
