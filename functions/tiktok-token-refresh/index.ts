/** Called by the scheduler with a secret key: refreshes the TikTok tokens that end soon. */
import { readEncryptionKeys, readSupabaseConfig, readTikTokConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { requireSecretKey } from "../../shared/http/secret_key.ts";
import { log } from "../../shared/log.ts";
import { refreshDueLogins } from "../../shared/tiktok/connections/refresh_due_logins.ts";

const supabase = readSupabaseConfig();
const dependencies = {
  database: createServiceClient(supabase),
  config: readTikTokConfig(),
  keys: await readEncryptionKeys(),
};

const app = createApp("tiktok-token-refresh");

app.post("/", async (c) => {
  requireSecretKey(c.req.raw, supabase.secretKeys);
  const summary = await refreshDueLogins(dependencies);
  log.info("tokens refreshed", { request_id: c.var.requestId, ...summary });
  return c.json(summary);
});
app.all("/", methodNotAllowed("POST"));

export default { fetch: app.fetch };
