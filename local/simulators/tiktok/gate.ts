/** Checks every call of the Open API as TikTok does, in the same order. */
import { signApiRequest } from "../../../shared/tiktok/api/signing.ts";
import { refusals } from "./envelope.ts";
import type { SimulatedShop, SimulatorState } from "./state.ts";

export interface GateOptions {
  appKey: string;
  appSecret: string;
  state: SimulatorState;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** What the routes of the Open API work with. */
export interface ApiOptions extends GateOptions {
  /** Gets the path of every call that was admitted. */
  calls: string[];
}

/** A call that may be answered. */
export interface AdmittedCall {
  openId: string;
  query: URLSearchParams;
  body: Uint8Array;
}

const MAX_AGE_SECONDS = 5 * 60;
const MAX_AHEAD_SECONDS = 30;

/**
 * @param scope What the login must have granted.
 * @throws {TikTokRefusal}
 */
export async function admit(
  request: Request,
  options: GateOptions,
  scope?: string,
): Promise<AdmittedCall> {
  const { pathname: path, searchParams: query } = new URL(request.url);
  const body = new Uint8Array(await request.arrayBuffer());
  // The app key comes first: a wrong one is answered before the signature is looked at.
  if (query.get("app_key") !== options.appKey) throw refusals.appKey();
  const age = options.now() / 1000 - Number(query.get("timestamp") ?? NaN);
  if (!(age <= MAX_AGE_SECONDS && age >= -MAX_AHEAD_SECONDS)) throw refusals.timestamp();
  if (!query.has("sign")) throw refusals.missing("query.sign");
  const expected = await signApiRequest(
    { path, query: Object.fromEntries(query), body },
    options.appSecret,
  );
  if (query.get("sign") !== expected) throw refusals.sign();
  const token = options.state.get("accessTokens", request.headers.get("x-tts-access-token") ?? "");
  if (token === undefined) throw refusals.tokenMissing();
  if (token.expiresAt <= options.now() / 1000) throw refusals.tokenExpired();
  const granted = options.state.get("logins", token.openId)?.scopes ?? [];
  if (scope !== undefined && !granted.includes(scope)) throw refusals.scopeMissing();
  return { openId: token.openId, query, body };
}

/** The body of a call, `{}` where there is none. @throws {TikTokRefusal} */
export function jsonBody(call: AdmittedCall): Record<string, unknown> {
  if (call.body.length === 0) return {};
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(call.body));
  } catch {
    throw refusals.invalid("body");
  }
  if (typeof json !== "object" || json === null) throw refusals.invalid("body");
  return json as Record<string, unknown>;
}

/** The shop that a call names by its cipher. @throws {TikTokRefusal} */
export function shopOf(call: AdmittedCall, state: SimulatorState): SimulatedShop {
  const cipher = call.query.get("shop_cipher");
  if (!cipher) throw refusals.cipherMissing();
  const shop = state.all("shops").find((candidate) => candidate.cipher === cipher);
  if (shop?.openId !== call.openId) throw refusals.cipherMismatch();
  if (shop.inactive) throw refusals.shopInactive();
  return shop;
}
