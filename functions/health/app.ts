/** The routes of `health`, over a given database and clock. */
import type { DatabaseClient } from "../../shared/database/client.ts";
import { formatOpenMetrics, OPENMETRICS_TYPE } from "../../shared/health/openmetrics.ts";
import { readHealth, readStatus } from "../../shared/health/read_health.ts";
import { createApp } from "../../shared/http/app.ts";
import { anyoneOrSecretKeys } from "../../shared/http/secret_keys.ts";
import { keepFor } from "../../shared/values/keep_for.ts";
import { chooseFormat } from "./format.ts";
import { toProblem } from "./problems.ts";

const STATUS_MS = 5_000;

export interface HealthOptions {
  secretKeys: readonly string[];
  database: DatabaseClient;
  /** A clock in milliseconds that never goes back. */
  now?: () => number;
}

export function createHealthApp({ secretKeys, database, now }: HealthOptions) {
  const readKeptStatus = keepFor(STATUS_MS, () => readStatus(database), now);
  const app = createApp("health", { callers: anyoneOrSecretKeys(secretKeys), toProblem });

  app.get("/", async (c) => {
    c.header("cache-control", "no-store");
    if (!c.var.hasSecretKey) {
      const status = await readKeptStatus();
      return c.json(status, status.status === "healthy" ? 200 : 503);
    }
    c.header("vary", "accept");
    const format = chooseFormat(c);
    const health = await readHealth(database);
    return format === "json"
      ? c.json(health)
      : c.body(formatOpenMetrics(health), 200, { "content-type": OPENMETRICS_TYPE });
  });

  return app;
}
