/** What every call of the API needs: the key checked, the version known, parameters read, an answer. */
import type { Context } from "hono";
import { refusals } from "./errors.ts";
import type { StripeObject } from "./objects.ts";
import { Params } from "./params.ts";
import { isVersion } from "./shapes.ts";
import type { StripeState } from "./state.ts";
import { viewed } from "./views.ts";

/** The key as a Bearer token, or as the user of Basic without a password. @throws {StripeRefusal} */
export function checkKey(request: Request, secretKey: string): void {
  const authorization = request.headers.get("authorization") ?? "";
  const given = /^Bearer\s+(.+)$/i.exec(authorization)?.[1] ?? basicUser(authorization);
  if (given === undefined) throw refusals.noKey();
  if (given !== secretKey) {
    const shown = given.length < 12
      ? given
      : `${given.slice(0, 8)}${"*".repeat(given.length - 12)}${given.slice(-4)}`;
    throw refusals.wrongKey(shown);
  }
}

function basicUser(authorization: string): string | undefined {
  const encoded = /^Basic\s+(.+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return /^([^:]+):$/.exec(atob(encoded))?.[1];
  } catch {
    return undefined;
  }
}

/** @throws {StripeRefusal} */
export function versionOf(request: Request, accountVersion: string): string {
  const asked = request.headers.get("stripe-version");
  if (asked === null) return accountVersion;
  if (!isVersion(asked)) throw refusals.wrongVersion(asked);
  return asked;
}

/** What a call says, in its address and its body. */
export async function paramsOf(c: Context): Promise<Params> {
  const body = c.req.method === "GET" ? "" : await c.req.text();
  return Params.read(new URL(c.req.url).search, body);
}

/** What the routes of the API answer with. */
export interface Replies {
  state: StripeState;
  accountVersion: () => string;
}

/** @throws {StripeRefusal} */
export function reply(
  c: Context,
  { state, accountVersion }: Replies,
  object: StripeObject | object,
  params: Params,
): Response {
  const version = versionOf(c.req.raw, accountVersion());
  const expand = params.texts("expand");
  return c.json(viewed(object as StripeObject, { state, version, expand }));
}
