/** Which config.toml lists the functions. */
import { fileURLToPath } from "node:url";

/** The repository's own, whose entry points are the sources. */
export const FUNCTION_CONFIG = fileURLToPath(
  new URL("../../supabase/config.toml", import.meta.url),
);

/** What hosts of tests load: the same functions as bundles, made once for a run of tests. */
export const HOST_CONFIG = Deno.env.get("TEST_FUNCTION_CONFIG") ?? FUNCTION_CONFIG;
