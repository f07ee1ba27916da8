/** Signs a seller in, and shows their orders, usage and labels. */
import { supabase } from "./creatorflow.ts";
import { followOrders, showOrders } from "./orders.ts";
import { find, say } from "./page.ts";
import { showUsage } from "./usage.ts";

async function open(userId: string): Promise<void> {
  find("#sign-in").hidden = true;
  find("#app").hidden = false;
  await Promise.all([showOrders(), showUsage()]);
  await followOrders(userId);
}

find<HTMLFormElement>("#sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  const { data, error } = await supabase.auth.signInWithPassword({
    email: String(form.get("email")),
    password: String(form.get("password")),
  });
  if (error) return say(error.message);
  say("");
  await open(data.user.id);
});

const { data: { session } } = await supabase.auth.getSession();
if (session) await open(session.user.id);
