/** Called by the scheduler with a secret key: refreshes the TikTok tokens that expire soon. */
import { readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { secretKeys } from "../../shared/http/secret_keys.ts";
import { log } from "../../shared/log.ts";
import { refreshDueLogins } from "../../shared/tiktok/connections/refresh_due_logins.ts";
import { createTikTokDependencies } from "../../shared/tiktok/dependencies.ts";

const supabase = readSupabaseConfig();
const dependencies = createTikTokDependencies(createServiceClient(supabase));

const app = createApp("tiktok-token-refresh", { callers: secretKeys(supabase.secretKeys) });

app.post("/", async (c) => {
  const summary = await refreshDueLogins(dependencies);
  log.info("due tokens refreshed", { outcomes: summary });
  return c.json(summary);
});

export default app;
