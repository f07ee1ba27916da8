/** The receivers of the variables among the functions. */
import { type Concern, type VariableName, variables } from "./variables.ts";

export interface FunctionConcerns {
  /** Parts of the configuration that the function reads at its start or in its routes. */
  own: readonly Concern[];
  /** Whether it processes events, and so also reads the parts of the event handlers. */
  processesEvents: boolean;
}

export const FUNCTION_CONCERNS: Record<string, FunctionConcerns> = {
  "tiktok-webhooks": { own: ["supabase", "tiktok"], processesEvents: false },
  "tiktok-oauth": {
    own: ["supabase", "tiktok", "tiktok_authorize", "encryption"],
    processesEvents: false,
  },
  "tiktok-token-refresh": { own: ["supabase", "tiktok", "encryption"], processesEvents: false },
  "event-worker": { own: ["supabase"], processesEvents: true },
  "shipments": { own: ["supabase", "tiktok", "easypost", "encryption"], processesEvents: false },
  "carrier-webhooks": { own: ["supabase", "easypost_webhook"], processesEvents: false },
  "stripe-webhooks": { own: ["supabase", "stripe_webhook"], processesEvents: false },
  "billing": { own: ["supabase", "stripe", "app_url", "encryption"], processesEvents: false },
  "account": { own: ["supabase", "stripe", "tiktok", "encryption"], processesEvents: false },
  "health": { own: ["supabase"], processesEvents: false },
  "database-tasks": { own: ["supabase"], processesEvents: false },
};

/** Parts of the configuration that event handlers read when such an event is processed. */
const EVENT_HANDLER_CONCERNS: readonly Concern[] = [
  "tiktok",
  "easypost",
  "stripe",
  "encryption",
];

/** Names of the variables that a function receives. @throws {Error} for an unknown function. */
export function variablesOf(functionName: string): VariableName[] {
  const concerns = FUNCTION_CONCERNS[functionName];
  if (concerns === undefined) throw new Error(`Unknown function "${functionName}"`);
  const { own, processesEvents } = concerns;
  const received = processesEvents ? [...own, ...EVENT_HANDLER_CONCERNS] : own;
  return variables
    .filter(([, row]) => row.concerns?.some((concern) => received.includes(concern)))
    .map(([name]) => name);
}
