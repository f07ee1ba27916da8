/** Sellers' authorizations: logins, and the codes and tokens that the app holds for them. */
import type { SimulatedLogin, SimulatorState } from "./state.ts";

/** A token pair. Times are unix seconds. */
export interface Grant {
  login: SimulatedLogin;
  accessToken: string;
  accessEnd: number;
  refreshToken: string;
  refreshEnd: number;
}

/** An error of the auth host. */
export class TokenRefusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const ORDER_SCOPE = "seller.order.info";
export const AUTHORIZATION_SCOPE = "seller.authorization.info";
export const FULFILLMENT_SCOPE = "seller.fulfillment.basic";
export const LOGISTICS_SCOPE = "seller.logistics";
export const RETURN_REFUND_SCOPE = "seller.return_refund.basic";

const SELLER_SCOPES = [
  AUTHORIZATION_SCOPE,
  ORDER_SCOPE,
  FULFILLMENT_SCOPE,
  "seller.fulfillment.package.write",
  LOGISTICS_SCOPE,
  RETURN_REFUND_SCOPE,
  "seller.shop.info",
];
const ACCESS_SECONDS = 7 * 24 * 3600;
/** Sellers' default: it ends in the next century, past 2^32. */
const REFRESH_SECONDS = 99 * 365 * 24 * 3600;
const CODE_MS = 30 * 60_000;

function secret(prefix: string, bytes: number): string {
  return `${prefix}_${crypto.getRandomValues(new Uint8Array(bytes)).toHex()}`;
}

function tokenPrefix(region: string): string {
  if (region === "US") return "TTP";
  return region === "GB" || region === "FR" ? "GCP" : "ROW";
}

export class Authorizations {
  readonly #state: SimulatorState;
  readonly #now: () => number;

  constructor(state: SimulatorState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  get #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** Adds a login, or changes the given fields of one. By default only sellers grant scopes. */
  addLogin(login: Partial<SimulatedLogin> = {}): SimulatedLogin {
    const openId = login.openId ?? `open_${crypto.randomUUID().replaceAll("-", "")}`;
    const userType = login.userType ?? 0;
    const added: SimulatedLogin = {
      openId,
      userType,
      name: `Login ${openId.slice(-4)}`,
      region: "US",
      scopes: userType === 0 ? SELLER_SCOPES : [],
      ...this.#state.get("logins", openId),
      ...login,
    };
    this.#state.put("logins", openId, added);
    return added;
  }

  #login(openId: string): SimulatedLogin {
    return this.#state.get("logins", openId) ?? this.addLogin({ openId });
  }

  /** A code for the token exchange: valid for 30 minutes and one use. */
  createCode(openId: string): string {
    const code = secret(this.#login(openId).region === "US" ? "TTP" : "ROW", 70);
    this.#state.put("codes", code, { openId, expiresAt: this.#now() + CODE_MS });
    return code;
  }

  ownerOf(kind: "codes" | "refreshTokens", secret: string): string | undefined {
    return this.#state.get(kind, secret)?.openId;
  }

  /** @throws {TokenRefusal} */
  exchangeCode(code: string): Grant {
    const found = this.#state.get("codes", code);
    if (found === undefined || found.expiresAt <= this.#now()) {
      throw new TokenRefusal(36004004, "invalid auth code");
    }
    this.#state.delete("codes", code);
    // TikTok does not document whether a new authorization ends earlier refresh tokens: the strict case.
    this.#forget("refreshTokens", found.openId);
    return this.#issue(this.#login(found.openId), this.#seconds + REFRESH_SECONDS);
  }

  /**
   * The old refresh token stops working at once; the new one keeps its time of expiry.
   * @throws {TokenRefusal}
   */
  refresh(refreshToken: string): Grant {
    const old = this.#state.get("refreshTokens", refreshToken);
    if (old === undefined) {
      throw new TokenRefusal(36004005, "can not find related auth record");
    }
    if (old.expiresAt <= this.#now() / 1000) throw new TokenRefusal(36004001, "rt has expired");
    this.#state.delete("refreshTokens", refreshToken);
    return this.#issue(this.#login(old.openId), old.expiresAt);
  }

  /** Earlier access tokens stay valid until they expire. */
  #issue(login: SimulatedLogin, refreshEnd: number): Grant {
    const { openId, region } = login;
    const accessToken = secret(tokenPrefix(region), 40);
    const refreshToken = secret(tokenPrefix(region), 40);
    const accessEnd = this.#seconds + ACCESS_SECONDS;
    this.#state.put("accessTokens", accessToken, { openId, expiresAt: accessEnd });
    this.#state.put("refreshTokens", refreshToken, { openId, expiresAt: refreshEnd });
    return { login, accessToken, accessEnd, refreshToken, refreshEnd };
  }

  newestTokens(openId: string): { accessToken: string; refreshToken: string } | undefined {
    const newest = (kind: "accessTokens" | "refreshTokens") =>
      this.#state.entries(kind).findLast(([, token]) => token.openId === openId)?.[0];
    const [accessToken, refreshToken] = [newest("accessTokens"), newest("refreshTokens")];
    if (accessToken === undefined || refreshToken === undefined) return undefined;
    return { accessToken, refreshToken };
  }

  expireAccessTokens(openId: string): void {
    for (const [token, { openId: owner, expiresAt }] of this.#state.entries("accessTokens")) {
      if (owner !== openId) continue;
      const end = Math.min(expiresAt, this.#seconds);
      this.#state.put("accessTokens", token, { openId, expiresAt: end });
    }
  }

  /** Ends all tokens of the login, and the codes that the app has not used yet. */
  withdraw(openId: string): void {
    for (const kind of ["accessTokens", "refreshTokens", "codes"] as const) {
      this.#forget(kind, openId);
    }
  }

  #forget(kind: "accessTokens" | "refreshTokens" | "codes", openId: string): void {
    for (const [key, entry] of this.#state.entries(kind)) {
      if (entry.openId === openId) this.#state.delete(kind, key);
    }
  }
}
