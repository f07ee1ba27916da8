/// <reference lib="dom" />
/** The one client of the console: Auth, tables and live updates, with the rights of the signed-in seller. */
import { createClient } from "@supabase/supabase-js";
import type { Database } from "../../../shared/database/types.ts";
import type { ConsoleConfig } from "./config.ts";

function readConfig(): ConsoleConfig {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="creatorflow"]');
  return JSON.parse(meta?.content ?? "{}");
}

export const config = readConfig();

/** Each window has its own session, so that two sellers can be compared in two windows. */
export const supabase = createClient<Database>(location.origin, config.publishableKey, {
  auth: { storage: sessionStorage, flowType: "implicit" },
});
