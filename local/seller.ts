/** A seller on a local stack: signed up through Auth, connected through TikTok's token exchange. */
import { createClient } from "@supabase/supabase-js";
import { parseKeyRing } from "../shared/crypto/key_ring.ts";
import {
  createServiceClient,
  createUserClient,
  type DatabaseClient,
} from "../shared/database/client.ts";
import { TikTokClient } from "../shared/tiktok/client.ts";
import { exchangeAuthCode } from "../shared/tiktok/oauth.ts";
import { type ConnectedShop, connectShops } from "../shared/tiktok/shops.ts";
import type { StackEnvironment } from "./environment.ts";
import { supabaseConfigOf, tiktokConfigOf } from "./running_stack.ts";

export interface Seller {
  id: string;
  email: string;
  accessToken: string;
  /** Sees what this seller sees. */
  client: DatabaseClient;
}

/** Signs up, or in if the address is known. @throws {Error} with what Auth said. */
export async function signInSeller(
  env: StackEnvironment,
  email: string,
  password: string,
): Promise<Seller> {
  const { auth } = createClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  let { data, error } = await auth.signUp({ email, password });
  if (error?.code === "user_already_exists" || (!error && !data.session)) {
    ({ data, error } = await auth.signInWithPassword({ email, password }));
  }
  if (error || !data.user || !data.session) {
    throw new Error(`${email} could not sign in: ${error?.message ?? "no session"}`);
  }
  const accessToken = data.session.access_token;
  return {
    id: data.user.id,
    email,
    accessToken,
    client: createUserClient(supabaseConfigOf(env), accessToken),
  };
}

/** Lets the simulated owner of a shop agree, and returns the code that TikTok would send back. */
export async function authorizeSimulatedShop(
  env: StackEnvironment,
  shopId: string,
): Promise<string> {
  const response = await fetch(`${env.TIKTOK_AUTH_URL}/control/shops/${shopId}/authorize`, {
    method: "POST",
  });
  const answer = await response.json().catch(() => ({})) as { code?: string; error?: string };
  if (!answer.code) {
    throw new Error(
      `The simulator at ${env.TIKTOK_AUTH_URL} did not authorise shop ${shopId}: ` +
        (answer.error ?? `HTTP ${response.status}`) +
        " GET /control lists its shops and how to add one; another TikTok takes --code.",
    );
  }
  return answer.code;
}

/** Exchanges the code and connects the login's shops, as the backend. */
export async function connectWithCode(
  env: StackEnvironment,
  userId: string,
  code: string,
): Promise<ConnectedShop[]> {
  const config = tiktokConfigOf(env);
  const dependencies = {
    database: createServiceClient(supabaseConfigOf(env)),
    tiktok: new TikTokClient(config),
    keys: await parseKeyRing(env.ENCRYPTION_KEYS),
  };
  return await connectShops(dependencies, userId, await exchangeAuthCode(config, code));
}
