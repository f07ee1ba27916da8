/** The sellers of supabase/seed.sql. */
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import type { StackEnvironment } from "../../local/stack/environment.ts";
import type { Seller } from "../../local/stack/seller.ts";

/** Addresses of the sellers of supabase/seed.sql. */
export const SELLERS = { ada: "ada@creatorflow.test", bob: "bob@creatorflow.test" };

/** One connection. */
export function open(url: string): postgres.Sql & AsyncDisposable {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end() });
}

/** Signs in without signing up. */
export async function signIn(env: StackEnvironment, email: string): Promise<string | undefined> {
  const { auth } = createClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data } = await auth.signInWithPassword({ email, password: "local-password" });
  return data.session?.access_token;
}

/** The orders that a seller sees, and their owners. */
export async function ownOrders(
  { client }: Seller,
): Promise<{ owners: Set<string>; orders: number }> {
  const { data } = await client.from("orders").select("user_id");
  return { owners: new Set(data?.map((row) => row.user_id)), orders: data?.length ?? 0 };
}
