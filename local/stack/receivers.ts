/** Which function receives which variable. */
import { type Concern, type Variable, type VariableName, variables } from "./variables.ts";

/** Configuration that event handlers read, in every function that processes events. */
const EVENT_HANDLERS: Concern[] = ["tiktok", "easypost", "stripe", "encryption"];

/** Configuration that each function reads, at its start or in its event handlers. */
export const FUNCTION_CONCERNS: Record<string, readonly Concern[]> = {
  "tiktok-webhooks": ["supabase", ...EVENT_HANDLERS],
  "tiktok-oauth": ["supabase", "tiktok_authorize", ...EVENT_HANDLERS],
  "tiktok-token-refresh": ["supabase", "tiktok", "encryption"],
  "event-worker": ["supabase", ...EVENT_HANDLERS],
  "shipments": ["supabase", ...EVENT_HANDLERS],
  "carrier-webhooks": ["supabase", "easypost_webhook", ...EVENT_HANDLERS],
  "stripe-webhooks": ["supabase", "stripe_webhook", ...EVENT_HANDLERS],
  "billing": ["supabase", "stripe", "app_url", "encryption"],
};

/** Names of the functions that receive a variable. */
export function receivers({ concerns = [] }: Pick<Variable, "concerns">): string[] {
  return Object.entries(FUNCTION_CONCERNS)
    .filter(([, read]) => concerns.some((concern) => read.includes(concern)))
    .map(([name]) => name);
}

/** Names of the variables that a function receives. */
export function variablesOf(functionName: string): VariableName[] {
  return variables.filter(([, row]) => receivers(row).includes(functionName))
    .map(([name]) => name);
}
