/** What a test run takes, by its programs. */

export interface GroupCost {
  name: string;
  /** From start to end; without it for what lives as long as the run. */
  seconds?: number;
  /** CPU time of its process, and of the programs that it started. */
  cpuSeconds: number;
}

function formatLine(cpuSeconds: number, seconds: number | undefined, name: string): string {
  const wall = seconds === undefined ? "" : `${seconds.toFixed(1)} s`;
  return `${cpuSeconds.toFixed(1).padStart(7)} s of CPU ${wall.padStart(9)}  ${name}`;
}

/** Lines of text, the sum last. @param seconds What the whole run took. */
export function listCosts(costs: GroupCost[], seconds: number): string[] {
  const sum = costs.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
  return [
    ...costs.map((cost) => formatLine(cost.cpuSeconds, cost.seconds, cost.name)),
    formatLine(sum, seconds, "the whole run"),
  ];
}
