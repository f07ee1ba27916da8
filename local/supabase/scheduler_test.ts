import assert from "node:assert/strict";
import { isDue } from "./scheduler.ts";

Deno.test("isDue() reads cron schedules in UTC, whatever the second", () => {
  const at = (time: string) => new Date(`2026-11-23T${time}Z`);
  assert.equal(isDue("* * * * *", at("10:07:42.123")), true);
  assert.equal(isDue("*/15 * * * *", at("10:15:01")), true);
  assert.equal(isDue("*/15 * * * *", at("10:16:00")), false);
  assert.equal(isDue("0 3 * * *", at("03:00:59")), true);
  assert.equal(isDue("0 3 * * *", at("04:00:00")), false);
});
