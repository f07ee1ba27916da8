/** Checks of the faults themselves. */
import { atLeast, type Check, equal } from "./check.ts";
import type { Deliveries } from "./deliveries.ts";
import type { FaultReport } from "./fault_schedule.ts";

/** Whether enough went wrong for the run to prove something. */
export function checkFaults(deliveries: Deliveries, report: FaultReport): Check[] {
  const { all, failed, hung } = report.calls;
  const share = (name: string, expected: number, found: number): Check => {
    // Four standard deviations: a share of some hundreds of calls is not exact.
    const slack = 4 * Math.sqrt(expected * (100 - expected) / all);
    const percent = 100 * found / all;
    return {
      name,
      expected: `about ${expected} %`,
      found: `${percent.toFixed(1)} % of ${all.toLocaleString("en")}`,
      ok: Math.abs(percent - expected) <= slack,
    };
  };
  const refused = [...deliveries.answers].filter(([status]) => status !== 200);
  return [
    share("calls of TikTok that failed", 20, failed),
    share("calls of TikTok that hung", 2, hung),
    atLeast("deliveries refused and sent again", 1, refused.reduce((sum, [, n]) => sum + n, 0)),
    atLeast("access tokens expired", 1, report.expirations),
  ];
}

/** Whether Postgres was stopped as often as planned; its times are for information. */
export function checkOutages(report: FaultReport, restarts: number): Check[] {
  return [
    equal("restarts of Postgres, stopped hard", restarts, report.outages.length),
    ...report.outages.map(({ postgres, rest, auth }, i): Check => ({
      name: `restart ${i + 1}: Postgres, REST, Auth back`,
      expected: "each within 90 s",
      found: [postgres, rest, auth].map((ms) => `${(ms / 1000).toFixed(1)} s`).join(", "),
      ok: true,
    })),
  ];
}
