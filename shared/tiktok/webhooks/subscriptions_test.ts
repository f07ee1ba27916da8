import assert from "node:assert/strict";
import { findLostTopics, SUBSCRIBED_TOPICS } from "./subscriptions.ts";

const OURS = "https://project.supabase.co/functions/v1/tiktok-webhooks";

Deno.test("a topic is lost if TikTok does not list it, or lists another address", () => {
  const webhooks = SUBSCRIBED_TOPICS.map((event_type) => ({ event_type, address: OURS }));
  assert.deepEqual(findLostTopics(webhooks, OURS), []);
  assert.deepEqual(findLostTopics(webhooks.slice(1), OURS), [SUBSCRIBED_TOPICS[0]]);
  const elsewhere = webhooks.map((webhook, n) =>
    n === 2 ? { ...webhook, address: "https://old.example.com/" } : webhook
  );
  assert.deepEqual(findLostTopics(elsewhere, OURS), [SUBSCRIBED_TOPICS[2]]);
  assert.deepEqual(findLostTopics([], OURS), [...SUBSCRIBED_TOPICS]);
});
