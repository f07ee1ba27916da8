/** Checks every call of the Open API as TikTok does, in the same order. */
import { signApiRequest } from "../../../shared/tiktok/signing.ts";
import { refusals } from "./envelope.ts";
import type { SimulatedShop, SimulatorState } from "./state.ts";

export interface GateOptions {
  appKey: string;
  appSecret: string;
  state: SimulatorState;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** A call that may be answered. */
export interface AdmittedCall {
  openId: string;
  query: URLSearchParams;
  body: Uint8Array;
}

const MAX_AGE_SECONDS = 5 * 60;
const MAX_AHEAD_SECONDS = 30;

/** @throws {TikTokRefusal} */
export async function admit(request: Request, options: GateOptions): Promise<AdmittedCall> {
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
  return { openId: token.openId, query, body };
}

/** The shop that a call names by its cipher. @throws {TikTokRefusal} */
export function shopOf(call: AdmittedCall, state: SimulatorState): SimulatedShop {
  const cipher = call.query.get("shop_cipher");
  if (!cipher) throw refusals.cipherMissing();
  const shop = state.all("shops").find((candidate) => candidate.cipher === cipher);
  if (shop?.openId !== call.openId) throw refusals.cipherMismatch();
  return shop;
}
