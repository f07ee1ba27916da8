/** Reads what each function says about its routes: `operations.ts` next to its entry point. */
import { fileURLToPath } from "node:url";
import type { FunctionOperations } from "../../shared/http/operations.ts";
import { readFunctionConfig } from "../functions/config.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

export interface DocumentedFunction extends FunctionOperations {
  name: string;
}

/** Every function of supabase/config.toml, by name. */
export async function readOperations(): Promise<DocumentedFunction[]> {
  const functions = await readFunctionConfig(CONFIG);
  const documented = functions.map(async ({ name, entrypoint }) => {
    const module: { operations: FunctionOperations } = await import(
      new URL("operations.ts", entrypoint).href
    );
    return { name, ...module.operations };
  });
  return (await Promise.all(documented)).sort((a, b) => a.name < b.name ? -1 : 1);
}
