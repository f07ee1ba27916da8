/** Called by the scheduler with a secret key: works what the webhooks left in the inbox. */
import { readEncryptionKeys, readSupabaseConfig, readTikTokConfig } from "../../shared/config.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { requireSecretKey } from "../../shared/http/secret_key.ts";
import { log } from "../../shared/log.ts";
import { createWorker } from "../../shared/worker.ts";

const supabase = readSupabaseConfig();
const { inbox, drainer } = createWorker({
  supabase,
  config: readTikTokConfig(),
  keys: await readEncryptionKeys(),
});

const app = createApp("event-worker");

app.post("/", async (c) => {
  requireSecretKey(c.req.raw, supabase.secretKeys);
  const released = await inbox.releaseHeld();
  const events = await drainer.drain();
  log.info("inbox drained", { request_id: c.var.requestId, released, ...events });
  return c.json({ released, events });
});
app.all("/", methodNotAllowed("POST"));

export default { fetch: app.fetch };
