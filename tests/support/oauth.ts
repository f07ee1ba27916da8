/** Calls of tiktok-oauth as a seller makes them, and the connections that they store. */
import type { Seller } from "../../local/stack/seller.ts";
import {
  beginAuthorization,
  readOutcome,
  signInSeller,
  visitCallback,
} from "../../local/stack/seller.ts";
import type { AuthorizationOutcome } from "../../local/stack/seller.ts";
import type { TestStack } from "./stack.ts";

export async function signUp(stack: TestStack): Promise<Seller> {
  return await signInSeller(stack.env, `seller-${crypto.randomUUID()}@example.com`, "a-password");
}

/** Calls the function as a browser does, with the seller's token if one is given. */
export async function callOAuth(
  stack: TestStack,
  method: string,
  path: string,
  { seller, body, headers = {} }: {
    seller?: Pick<Seller, "accessToken">;
    body?: unknown;
    headers?: Record<string, string>;
  } = {},
): Promise<{ status: number; headers: Headers; json: Record<string, unknown> }> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/tiktok-oauth${path}`, {
    method,
    redirect: "manual",
    headers: { ...(seller && { authorization: `Bearer ${seller.accessToken}` }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: text.startsWith("{") ? JSON.parse(text) : {},
  };
}

/** `/complete`: shows the shops of the claim, or connects them. */
export async function complete(
  stack: TestStack,
  seller: Pick<Seller, "accessToken">,
  claim: string | undefined,
  confirm?: boolean,
) {
  const body = { claim, ...(confirm !== undefined && { confirm }) };
  return await callOAuth(stack, "POST", "/complete", { seller, body });
}

/** What the seller's app does after the redirect: shows the shops, and confirms. */
export async function finish(
  stack: TestStack,
  seller: Pick<Seller, "accessToken">,
  { claim, ...outcome }: AuthorizationOutcome,
): Promise<AuthorizationOutcome> {
  if (claim === undefined) return outcome;
  const shown = await complete(stack, seller, claim);
  const last = shown.status === 200 ? await complete(stack, seller, claim, true) : shown;
  if (last.status === 200) return { status: "connected" };
  return { status: "failed", code: String(last.json.code) };
}

/** Authorizes the app at TikTok as the login, and connects its shops. */
export async function connectLogin(
  stack: TestStack,
  seller: Seller,
  openId: string,
): Promise<AuthorizationOutcome> {
  const { state } = await beginAuthorization(stack.env, seller.accessToken);
  const back = stack.tiktok.answerAuthorization({ openId, state, decision: "agree" });
  const outcome = await visitCallback(stack.env, Object.fromEntries(back.searchParams));
  return await finish(stack, seller, outcome);
}

/** An installation that began in TikTok's app store: its redirect has no state. */
export async function installFromStore(
  stack: TestStack,
  openId: string,
): Promise<AuthorizationOutcome> {
  const back = stack.tiktok.answerAuthorization({ openId, decision: "agree" });
  return await visitCallback(stack.env, Object.fromEntries(back.searchParams));
}

/** Visits the callback with a query in its text form. */
export async function redirectOf(stack: TestStack, search: string): Promise<AuthorizationOutcome> {
  const url = `${stack.env.SUPABASE_URL}/functions/v1/tiktok-oauth/callback${search}`;
  const response = await fetch(url, { redirect: "manual" });
  await response.body?.cancel();
  return readOutcome(response.headers.get("location") ?? "");
}

/** The counts when nothing is connected. */
export const NO_CONNECTIONS = { shops: 0, logins: 0, events: 0 };

/** Number of shops, logins and events, e.g. to show that a connection was refused. */
export async function countConnections(stack: TestStack): Promise<Record<string, number>> {
  const [row] = await stack.sql`
    select (select count(*)::int from public.tiktok_shops) as shops,
      (select count(*)::int from private.tiktok_logins) as logins,
      (select count(*)::int from private.webhook_events) as events`;
  return { ...row };
}

/** `shop_id connection_status status_reason` of every connection, sorted. */
export async function connectionStates(stack: TestStack): Promise<string[]> {
  const rows = await stack.sql`
    select concat_ws(' ', shop_id, connection_status, status_reason) as state
    from public.tiktok_shops order by 1`;
  return rows.map((row) => row.state);
}
