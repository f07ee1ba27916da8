/** A link that signs an operator in to the console of a running stack, once. */
import * as z from "zod";
import type { StackEnvironment } from "./environment.ts";

const Answer = z.object({ path: z.string().startsWith("/") });

/** @throws {Error} if the stack does not give one. */
export async function makeOperatorLink(env: StackEnvironment): Promise<string> {
  const response = await fetch(`${env.SUPABASE_URL}/console/api/operator-links`, {
    method: "POST",
    headers: { apikey: env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
    body: "{}",
  });
  if (response.ok) return env.SUPABASE_URL + Answer.parse(await response.json()).path;
  await response.body?.cancel();
  throw new Error(
    `The stack at ${env.SUPABASE_URL} gives no link (HTTP ${response.status}). It runs with other keys ` +
      "than this data folder has, or is an older version: stop it, and start it again.",
  );
}
