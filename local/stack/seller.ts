/** Sellers of a local stack: signed up through Auth, connected through TikTok's authorisation. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../shared/database/types.ts";
import { LoggableError } from "../../shared/loggable_error.ts";
import type { StackEnvironment } from "./environment.ts";

export interface Seller {
  id: string;
  email: string;
  accessToken: string;
  /** Client with this seller's rights, as the app has it. */
  client: SupabaseClient<Database>;
}

/** The client of an app whose user has this token. */
export function createSellerClient(
  env: StackEnvironment,
  accessToken: string,
): SupabaseClient<Database> {
  return createClient<Database>(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    accessToken: () => Promise.resolve(accessToken),
  });
}

/** Opens the link in the newest mail to this address, as its owner does. @throws {Error} without such a mail. */
async function confirmByMail(env: StackEnvironment, email: string): Promise<void> {
  const address = `${env.SUPABASE_URL}/mailbox?to=${encodeURIComponent(email)}`;
  const mails = await (await fetch(address)).json() as { text: string }[];
  const link = /https?:\/\/\S+\/auth\/v1\/verify\?[^\s"'<>)\]]+/.exec(mails[0]?.text ?? "")?.[0];
  if (link === undefined) throw new Error(`${address} has no mail with a confirmation link.`);
  await (await fetch(link.replaceAll("&amp;", "&"), { redirect: "manual" })).body?.cancel();
}

/** Auth's answers to a sign-up with an address that it knows. */
const KNOWN_ADDRESS = ["user_already_exists", "over_email_send_rate_limit"];

/** Signs up and confirms the address, or signs in if it is known. @throws {Error} with Auth's message. */
export async function signInSeller(
  env: StackEnvironment,
  email: string,
  password: string,
): Promise<Seller> {
  const { auth } = createClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  let { data, error } = await auth.signUp({ email, password });
  if (KNOWN_ADDRESS.includes(error?.code ?? "") || (!error && !data.session)) {
    if (!error) await confirmByMail(env, email);
    ({ data, error } = await auth.signInWithPassword({ email, password }));
  }
  if (error?.code === "invalid_credentials") {
    throw new Error(
      `${email} has signed up with another password. Give it as --password TEXT, or take another address.`,
    );
  }
  if (error || !data.user || !data.session) {
    throw new Error(`${email} could not sign in: ${error?.message ?? "no session"}`);
  }
  const accessToken = data.session.access_token;
  return {
    id: data.user.id,
    email,
    accessToken,
    client: createSellerClient(env, accessToken),
  };
}

/** Lets the simulated owner of a shop agree, and returns the code that TikTok sends back. */
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
        (answer.error ?? `HTTP ${response.status}.`) + " Another TikTok takes --code.",
    );
  }
  return answer.code;
}

/** Parameters of the app's page; see functions/tiktok-oauth/callback.ts. */
export interface AuthorizationOutcome {
  status: string;
  code?: string;
  /** From the fragment. */
  claim?: string;
}

/** Reads the outcome of an authorisation from the redirect to the app's page. */
export function readOutcome(location: string): AuthorizationOutcome {
  const { searchParams, hash } = new URL(location);
  const claim = new URLSearchParams(hash.slice(1)).get("claim");
  return { status: "", ...Object.fromEntries(searchParams), ...(claim !== null && { claim }) };
}

/** Requests TikTok's authorisation page as the seller. Returns its address and the state in it. */
export async function beginAuthorization(
  env: StackEnvironment,
  accessToken: string,
  region?: string,
): Promise<{ url: string; state: string }> {
  const response = await fetch(`${env.SUPABASE_URL}/functions/v1/tiktok-oauth/authorize`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ region }),
  });
  const answer = await response.json() as { url?: string; detail?: string };
  if (answer.url === undefined) {
    throw new Error(`The authorisation did not begin: ${answer.detail}`);
  }
  return { url: answer.url, state: new URL(answer.url).searchParams.get("state") ?? "" };
}

/** Follows TikTok's redirect as the seller's browser does. */
export async function visitCallback(
  env: StackEnvironment,
  query: Record<string, string>,
): Promise<AuthorizationOutcome> {
  const url = new URL(`${env.SUPABASE_URL}/functions/v1/tiktok-oauth/callback`);
  url.search = new URLSearchParams(query).toString();
  const response = await fetch(url, { redirect: "manual" });
  await response.body?.cancel();
  const location = response.headers.get("location");
  if (location === null) throw new Error(`The callback answered ${response.status}`);
  return readOutcome(location);
}

/** A shop as the seller sees it before they confirm. */
export interface ShownShop {
  shop_id: string;
  shop_name: string | null;
  region: string | null;
}

/** `Ferns (GB, 7490000000000000001)` */
export function describeShop({ shop_id, shop_name, region }: ShownShop): string {
  return `${shop_name ?? "a shop without a name"} (${region ?? "?"}, ${shop_id})`;
}

const EXPLANATIONS: Record<string, string> = {
  shop_taken: "The shop is connected to another account already. Use another shop (--shop-id) or " +
    "that account.",
  code_refused: "TikTok does not accept the code: it works once, for 30 minutes.",
  not_a_seller: "The TikTok login belongs to a creator or partner.",
  no_shops: "The TikTok login does not own a shop.",
  tiktok_unavailable: "TikTok did not answer. Try again.",
};

/** The shops of a login were not connected. */
export class ConnectionRefused extends LoggableError {
  override name = "ConnectionRefused";
  /** Code of the API. */
  readonly code: string | undefined;

  constructor(code: string | undefined) {
    super(EXPLANATIONS[code ?? ""] ?? `Not connected: ${code}`);
    this.code = code;
  }
}

/** Calls `/complete` as the seller's app does. @throws {Error} if it refuses */
async function complete(
  env: StackEnvironment,
  { accessToken }: Seller,
  body: { claim: string; confirm?: true },
): Promise<ShownShop[]> {
  const response = await fetch(`${env.SUPABASE_URL}/functions/v1/tiktok-oauth/complete`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json() as { shops?: ShownShop[]; code?: string };
  if (answer.shops === undefined) throw new ConnectionRefused(answer.code);
  return answer.shops;
}

/**
 * Connects the shops of the TikTok login that gave the code, in the steps of a browser.
 * @param agree Whether the seller confirms the shops that they are shown.
 * @throws {Error} if they are not connected
 */
export async function connectWithCode(
  env: StackEnvironment,
  seller: Seller,
  code: string,
  agree: (shops: ShownShop[]) => boolean | Promise<boolean> = () => true,
): Promise<void> {
  const { state } = await beginAuthorization(env, seller.accessToken);
  const outcome = await visitCallback(env, { code, state });
  if (outcome.claim === undefined) throw new ConnectionRefused(outcome.code);
  const shops = await complete(env, seller, { claim: outcome.claim });
  if (!await agree(shops)) throw new Error("Not confirmed: nothing was connected.");
  await complete(env, seller, { claim: outcome.claim, confirm: true });
}
