/** Who is signed in. */
import type { Session } from "@supabase/supabase-js";
import { Store, useStore } from "./store.ts";
import { supabase } from "./supabase.ts";

/** `undefined` until the stored session was read. */
const session = new Store<Session | null | undefined>(undefined);

/** Called once. */
export function startSession(onChange: (session: Session | null) => void): void {
  supabase.auth.onAuthStateChange((_event, changed) => {
    const before = session.get();
    session.set(changed);
    // Not in the callback itself: calls of the client would wait for it.
    if (before?.user.id !== changed?.user.id) setTimeout(() => onChange(changed));
  });
}

export function useSession(): Session | null | undefined {
  return useStore(session);
}

export function currentSession(): Session | null {
  return session.get() ?? null;
}
