/** The simulators' control addresses, as the demo uses them. */
import type { StackEnvironment } from "../stack/environment.ts";

/** Calls the TikTok simulator's control. @throws {Error} if TikTok is not our simulator. */
export async function controlTikTok<Answer>(
  env: StackEnvironment,
  path: string,
  body: unknown,
): Promise<Answer> {
  const response = await fetch(`${env.TIKTOK_API_URL}/control/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (!response?.ok) {
    await response?.body?.cancel();
    throw new Error(
      `The demo needs our TikTok simulator; ${env.TIKTOK_API_URL} is something else.`,
    );
  }
  return await response.json();
}

/** @throws {Error} before the demo changes anything, if Stripe is not our simulator. */
export async function requireStripeSimulator(env: StackEnvironment): Promise<void> {
  const response = await fetch(`${env.STRIPE_API_URL}/control`).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined) as { what?: string } | undefined;
  if (answer?.what !== "The Stripe simulator") {
    throw new Error(
      `The demo needs our Stripe simulator; ${env.STRIPE_API_URL} is something else.`,
    );
  }
}
