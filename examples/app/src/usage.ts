/** How much of the plan is used. */
import { supabase } from "./creatorflow.ts";
import { find, say } from "./page.ts";

export async function showUsage(): Promise<void> {
  const { data, error } = await supabase.rpc("get_usage");
  if (error) return say(error.message);
  const held = data.held > 0 ? `, ${data.held} wait for a larger plan` : "";
  find("#usage").textContent = `${data.used} of ${data.limit} orders this month${held}`;
}
