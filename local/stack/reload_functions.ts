/** Reloads the functions of a running stack when their files change. */
import type { FunctionProcess } from "../functions/process.ts";
import { FUNCTION_SOURCES, watchSources } from "../functions/watch_sources.ts";
import type { Resources } from "./resources.ts";

/** Names of a message; a checkout of another commit changes hundreds of files. */
const NAMED_FILES = 2;

function describeFiles(files: string[]): string {
  const named = files.slice(0, NAMED_FILES).join(", ");
  const rest = files.length - NAMED_FILES;
  return rest > 0 ? `${named} and ${rest} more` : named;
}

/**
 * @param onMessage Receives one line for each reload.
 * @param paths What the functions are made of. @default {FUNCTION_SOURCES}
 */
export async function reloadOnChange(
  functions: FunctionProcess,
  resources: Resources,
  onMessage: (message: string) => void,
  paths: string[] = FUNCTION_SOURCES,
): Promise<void> {
  const watch = await watchSources(paths, async (files) => {
    const startedAt = performance.now();
    try {
      await functions.reload();
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
      onMessage(`Functions reloaded in ${seconds} s: ${describeFiles(files)} changed.`);
    } catch (error) {
      // A mistake in config.toml is shown with the lines around it.
      const [first = ""] = (error as Error).message.split("\n");
      const reason = first.replace(/^The functions did not start: /, "");
      onMessage(`Functions not reloaded; the former ones still answer. ${reason}`);
    }
  });
  resources.defer(() => watch.stop());
}
