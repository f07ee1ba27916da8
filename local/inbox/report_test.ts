import assert from "node:assert/strict";
import { type EventSummary, formatEvent, formatEvents } from "./report.ts";

Deno.test("events fit the terminal, and text of others does not control it", () => {
  const now = Date.parse("2026-11-23T10:00:00Z");
  const event: EventSummary = {
    event_id: 12345678,
    source: "tiktok",
    external_id: "1",
    event_type: "UPCOMING_AUTHORIZATION_EXPIRATION",
    shop_id: "7490000000000000001",
    object_id: "576461413038785752",
    status: "processing",
    attempts: 10,
    crashes: 0,
    failing_since: null,
    reason: null,
    last_error: `\u001b[2Jgone\r\n${"x".repeat(300)}`,
    received_at: "2026-11-20T09:00:00Z",
    next_attempt_at: "2026-11-23T10:00:30Z",
    settled_at: null,
    request_id: "0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11",
  };
  const lines = formatEvents([event], now, 80).split("\n");
  assert.equal(lines.length, 4);
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.match(lines[1] ?? "", /2026-11-20T09:00:00Z +3d +UPCOMING/);
  assert.match(lines[2] ?? "", /^ +shop 7490000000000000001, object 576461413038785752$/);
  assert.match(lines[3] ?? "", /^ +\[2Jgone x+…$/);
  const shown = formatEvent(event, now);
  assert.match(shown, /^request id +0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11$/m);
  assert.match(shown, /^next attempt +2026-11-23T10:00:30Z +in 30s$/m);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(shown + lines.join(""), /[\u0000-\u0009\u000b-\u001f]/);
});
