/** Signs a seller in, and shows their orders, usage and labels. */
import { supabase } from "./creatorflow.ts";
import { followOrders, showOrders } from "./orders.ts";
import { button, find, say } from "./page.ts";
import { showUsage } from "./usage.ts";

async function open(userId: string): Promise<void> {
  find("#sign-in").hidden = true;
  find("#app").hidden = false;
  await Promise.all([showOrders(), showUsage()]);
  await followOrders(userId);
}

/** In this browser only; the reload also forgets the rows and ends the live connection. */
async function signOut(): Promise<void> {
  const { error } = await supabase.auth.signOut({ scope: "local" });
  if (error) return say(error.message);
  location.reload();
}

find("#account").append(button("Sign out", signOut));

const signIn = find<HTMLFormElement>("#sign-in");
signIn.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(signIn);
  const { data, error } = await supabase.auth.signInWithPassword({
    email: String(form.get("email")),
    password: String(form.get("password")),
  });
  if (error) return say(error.message);
  say("");
  signIn.reset();
  await open(data.user.id);
});

const { data: { session } } = await supabase.auth.getSession();
if (session) await open(session.user.id);
