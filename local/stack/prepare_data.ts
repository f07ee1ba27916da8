/** First step of a start: the data folder, the keys and the port. */
import { unavailable } from "../functions/forward.ts";
import { makeDataFolder } from "./data_folder.ts";
import { hasKeys, loadKeys, type LocalKeys } from "./keys.ts";
import { lockData } from "./lock.ts";
import { type OpenPort, openPort } from "./ports.ts";
import type { Resources } from "./resources.ts";
import type { StackSettings } from "./settings.ts";

export interface PreparedData {
  /** Answers 503 until the stack has started. */
  publicPort: OpenPort;
  keys: LocalKeys;
  /** Whether this start made the keys. */
  areKeysNew: boolean;
}

/** @throws {Error} if another stack uses the folder, or another program the port. */
export async function prepareData(
  settings: Pick<StackSettings, "data" | "port"> & { listen?: string },
  resources: Resources,
): Promise<PreparedData> {
  await makeDataFolder(settings.data);
  const lock = await lockData(settings.data);
  resources.defer(() => lock[Symbol.dispose]());
  const publicPort = openPort(
    { port: settings.port, ...(settings.listen && { hostname: settings.listen }) },
    "--port",
    unavailable,
  );
  resources.defer(() => publicPort.close());
  const areKeysNew = !await hasKeys(settings.data);
  return { publicPort, keys: await loadKeys(settings.data), areKeysNew };
}
