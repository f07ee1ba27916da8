/** The client of this app; the addresses come from .env.local, see docs/api.md. */
import { createCreatorFlow } from "@creatorflow/client";

export const { supabase, api } = createCreatorFlow({
  url: import.meta.env.VITE_SUPABASE_URL ?? "http://127.0.0.1:54321",
  publishableKey: import.meta.env.VITE_SUPABASE_PUBLISHABLE_KEY ?? "",
});
