/** Called by anyone for the status, and with a secret key for every figure. */
import { readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createHealthApp } from "./app.ts";

const supabase = readSupabaseConfig();

export default createHealthApp({
  secretKeys: supabase.secretKeys,
  database: createServiceClient(supabase),
});
