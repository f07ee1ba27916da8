/** Called by the scheduler with a secret key: works what the webhooks left in the inbox. */
import { readEncryptionKeys, readSupabaseConfig, readTikTokConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { Drainer } from "../../shared/events/drain.ts";
import { Inbox } from "../../shared/events/inbox.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { requireSecretKey } from "../../shared/http/secret_key.ts";
import { log } from "../../shared/log.ts";
import { TikTokClient } from "../../shared/tiktok/client.ts";
import { createTikTokEventHandler } from "../../shared/tiktok/events.ts";

const supabase = readSupabaseConfig();
const database = createServiceClient(supabase);
const inbox = new Inbox(database);
const drainer = new Drainer(inbox, {
  handlers: {
    tiktok: createTikTokEventHandler({
      database,
      tiktok: new TikTokClient(readTikTokConfig()),
      keys: await readEncryptionKeys(),
    }),
  },
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
