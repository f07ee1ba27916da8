import { withConnection } from "../../postgres/connection.ts";
import { pollUntil } from "../../time/poll_until.ts";
import { describeProbes, type ProbeResult } from "../probe.ts";
import { probeSchedule } from "../probe_schedule.ts";
import { findValue, type Step } from "../step.ts";

/** A job runs each minute, and its request takes some seconds. */
const TIMEOUT_MS = 150_000;
const INTERVAL_MS = 2_000;
const RECENT_MS = 10 * 60_000;

export const watchSchedule: Step = {
  name: "scheduler",
  does: "Waits until pg_cron has run event-worker and pg_net has received its 200.",
  leaves: "It starts no job.",
  async run(deployment) {
    // After a change, only a run of the new state counts.
    const since = deployment.hasChanged
      ? new Date()
      : new Date(deployment.startedAt.getTime() - RECENT_MS);
    let results: ProbeResult[] = [];
    await withConnection(findValue(deployment, "databaseUrl"), async (sql) => {
      await pollUntil(async () => {
        results = await probeSchedule(sql, since);
        return results.every(({ passed }) => passed);
      }, { timeoutMs: TIMEOUT_MS, intervalMs: INTERVAL_MS });
    });
    const failed = results.filter(({ passed }) => !passed);
    if (failed.length > 0) throw new Error(describeProbes(failed).join("\n"));
    return { changed: false, lines: results.map(({ name, detail }) => `${name}: ${detail}`) };
  },
};
