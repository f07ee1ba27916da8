/** Checks every call of the Open API as TikTok does, in the same order. */
import { refusals } from "./envelope.ts";
import type { Fulfillment } from "./fulfillment.ts";
import type { Returns } from "./returns.ts";
import { signCall } from "./signatures.ts";
import type { SimulatedShop, SimulatorState } from "./state.ts";

/** The app at TikTok; Partner Center can give it another secret. */
export interface App {
  readonly appKey: string;
  appSecret: string;
}

/** Dependencies of the routes of the Open API. */
export interface OpenApi {
  app: App;
  state: SimulatorState;
  fulfillment: Fulfillment;
  returns: Returns;
  publicUrl?: string;
  countryParameters?: readonly string[];
  /** Milliseconds since 1970. */
  now: () => number;
  /** Receives the path of every admitted call. */
  calls: string[];
}

/** A call with a good signature and token. */
export interface AdmittedCall {
  openId: string;
  query: URLSearchParams;
  body: Uint8Array;
}

const MAX_AGE_SECONDS = 5 * 60;
const MAX_AHEAD_SECONDS = 30;

/** Parameters that every call may have; TikTok's older samples send the token in the query too. */
const COMMON_PARAMETERS = ["app_key", "timestamp", "sign", "access_token"];

/**
 * @param scope Permission that the login must have granted.
 * @param parameters The call's own parameters of the query.
 * @throws {TikTokRefusal}
 */
export async function admit(
  request: Request,
  api: OpenApi,
  scope: string,
  parameters: readonly string[] = [],
): Promise<AdmittedCall> {
  const { pathname: path, searchParams: query } = new URL(request.url);
  const body = new Uint8Array(await request.arrayBuffer());
  // TikTok checks the app key before the signature.
  if (query.get("app_key") !== api.app.appKey) throw refusals.appKey();
  const age = api.now() / 1000 - Number(query.get("timestamp") ?? NaN);
  if (!(age <= MAX_AGE_SECONDS && age >= -MAX_AHEAD_SECONDS)) throw refusals.timestamp();
  if (!query.has("sign")) throw refusals.missing("query.sign");
  const expected = signCall(api.app.appSecret, path, Object.fromEntries(query), body);
  if (query.get("sign") !== expected) throw refusals.sign();
  const contentType = request.headers.get("content-type") ?? "";
  if (body.length > 0 && !/^application\/json\b/i.test(contentType)) throw refusals.contentType();
  const token = api.state.get("accessTokens", request.headers.get("x-tts-access-token") ?? "");
  if (token === undefined) throw refusals.tokenMissing();
  if (token.expiresAt <= api.now() / 1000) throw refusals.tokenExpired();
  const granted = api.state.get("logins", token.openId)?.scopes ?? [];
  if (!granted.includes(scope)) throw refusals.scopeMissing();
  api.calls.push(path);
  const known = [...COMMON_PARAMETERS, ...parameters];
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw refusals.unexpected(unknown);
  return { openId: token.openId, query, body };
}

/** As `admit`, for calls that name a shop by its cipher. @throws {TikTokRefusal} */
export async function admitForShop(
  request: Request,
  api: OpenApi,
  scope: string,
  parameters: readonly string[] = [],
): Promise<{ call: AdmittedCall; shop: SimulatedShop }> {
  const call = await admit(request, api, scope, ["shop_cipher", ...parameters]);
  const cipher = call.query.get("shop_cipher");
  if (!cipher) throw refusals.cipherMissing();
  const shop = api.state.all("shops").find((candidate) => candidate.cipher === cipher);
  if (shop?.openId !== call.openId) throw refusals.cipherMismatch();
  if (shop.inactive === "shop") throw refusals.shopInactive();
  if (shop.inactive === "seller") throw refusals.sellerInactive();
  return { call, shop };
}

/** The body of a call, `{}` if it is empty. @throws {TikTokRefusal} */
export function jsonBody(call: AdmittedCall): Record<string, unknown> {
  if (call.body.length === 0) return {};
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(call.body));
  } catch {
    throw refusals.invalid("body");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw refusals.invalid("body");
  }
  return json as Record<string, unknown>;
}

/** @throws {TikTokRefusal} */
export function requiredText(body: Record<string, unknown>, name: string, path = "body"): string {
  const text = optionalText(body, name, path);
  if (text === undefined) throw refusals.missing(`${path}.${name}`);
  return text;
}

/** @throws {TikTokRefusal} */
export function optionalText(
  body: Record<string, unknown>,
  name: string,
  path = "body",
): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw refusals.invalid(`${path}.${name}`);
  return value;
}
