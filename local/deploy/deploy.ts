/** Deploys to a linked project, step by step; each step is idempotent. */
import { errorMessage } from "../cli/error_message.ts";
import { buildFunctions } from "./steps/build_functions.ts";
import { checkApiKeys } from "./steps/check_api_keys.ts";
import { checkProject } from "./steps/check_project.ts";
import { checkSchedules } from "./steps/check_schedules.ts";
import { checkSecrets } from "./steps/check_secrets.ts";
import { deployFunctions } from "./steps/deploy_functions.ts";
import { probeFunctions } from "./steps/run_probes.ts";
import { pushMigrations } from "./steps/push_migrations.ts";
import { setSecrets } from "./steps/set_secrets.ts";
import { storeVault } from "./steps/store_vault.ts";
import { watchSchedule } from "./steps/watch_schedule.ts";
import type { Deployment, DeployOptions, Step } from "./step.ts";

/** The steps before the migrations only read. */
export const STEPS: readonly Step[] = [
  checkSecrets,
  checkProject,
  checkApiKeys,
  buildFunctions,
  pushMigrations,
  storeVault,
  setSecrets,
  deployFunctions,
  checkSchedules,
  probeFunctions,
  watchSchedule,
];

const title = (index: number, { name }: Step) => `${index + 1}/${STEPS.length} ${name}`;

/** Lines of `--dry-run`. */
export function describeSteps(): string[] {
  return STEPS.flatMap((step, index) => [
    title(index, step),
    `    ${step.does}`,
    `    ${step.leaves}`,
  ]);
}

/**
 * Runs every step. @param say Receives lines for the terminal.
 * @throws {Error} that names the step, and how to continue.
 */
export async function deploy(options: DeployOptions, say: (line: string) => void): Promise<void> {
  const deployment: Deployment = {
    options,
    startedAt: new Date(),
    hasChanged: false,
    found: {},
  };
  await Deno.mkdir(options.state, { recursive: true });
  const changed: string[] = [];
  for (const [index, step] of STEPS.entries()) {
    const { changed: hasChanged, lines } = await step.run(deployment).catch((cause) => {
      const done = changed.length === 0
        ? "Nothing was changed."
        : `Changed: ${changed.join(", ")}.`;
      throw new Error(
        `Stopped at step ${title(index, step)}: ${errorMessage(cause)}\n` +
          `${done} Run the command again after the fix: it continues from here.`,
        { cause },
      );
    });
    if (hasChanged) {
      changed.push(step.name);
      deployment.hasChanged = true;
    }
    say(`${title(index, step)}: ${hasChanged ? "changed" : "no change"}`);
    for (const line of lines) say(`    ${line}`);
  }
  say(
    changed.length === 0
      ? "Nothing was changed: the project was up to date, and it works."
      : `Deployed. Changed: ${changed.join(", ")}.`,
  );
}
