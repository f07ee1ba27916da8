/** `/control` of the running stack's simulators, as commands use it. */
import type { StackEnvironment } from "./environment.ts";

export type SimulatorName = "tiktok" | "easypost" | "stripe";

const NAMES: Record<SimulatorName, string> = {
  tiktok: "TikTok",
  easypost: "EasyPost",
  stripe: "Stripe",
};

/** Base addresses by simulator; `/control` of EasyPost is next to its `/v2`. */
function addressOf(env: StackEnvironment, simulator: SimulatorName): string {
  if (simulator === "tiktok") return env.TIKTOK_API_URL;
  return simulator === "stripe" ? env.STRIPE_API_URL : env.EASYPOST_API_URL.replace(/\/v2$/, "");
}

/** The page of a simulator's commands. */
export function controlAddress(env: StackEnvironment, simulator: SimulatorName): string {
  return `${addressOf(env, simulator)}/control`;
}

export interface ControlCall {
  /** @default {"POST"} */
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  /** Further statuses that are not errors. */
  alsoExpected?: number[];
}

/** Calls `/control/<path>`. @throws {Error} with the simulator's reason */
export async function control<Answer>(
  env: StackEnvironment,
  simulator: SimulatorName,
  path: string,
  { method = "POST", body, alsoExpected = [] }: ControlCall = {},
): Promise<Answer> {
  const response = await fetch(`${controlAddress(env, simulator)}${path && `/${path}`}`, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  const answer = await response.json() as { error?: string };
  if (response.ok || alsoExpected.includes(response.status)) return answer as Answer;
  const reason = answer.error ?? `HTTP ${response.status}`;
  throw new Error(`The ${NAMES[simulator]} simulator refused ${method} ${path}: ${reason}`);
}

/** Whether the stack uses our simulator in the place of this service. */
export async function isSimulated(
  env: StackEnvironment,
  simulator: SimulatorName,
): Promise<boolean> {
  try {
    const { what } = await control<{ what?: string }>(env, simulator, "", { method: "GET" });
    return what === `The ${NAMES[simulator]} simulator`;
  } catch {
    return false;
  }
}

/** @throws {Error} before the command changes anything, if one of the services is not our simulator */
export async function requireSimulators(
  env: StackEnvironment,
  command: string,
  simulators: SimulatorName[],
): Promise<void> {
  for (const simulator of simulators) {
    if (await isSimulated(env, simulator)) continue;
    throw new Error(
      `${command} needs our ${NAMES[simulator]} simulator; ${addressOf(env, simulator)} is ` +
        "something else.",
    );
  }
}
