/** Calls TikTok for one connected shop: an expired token is refreshed and the call repeated, once. */
import * as z from "zod/mini";
import { decrypt } from "../../crypto/encryption.ts";
import { callFunction } from "../../database/call_function.ts";
import type { Postponement, StoredConnection } from "../../inbox/events.ts";
import { log } from "../../log.ts";
import { sleep } from "../../retry.ts";
import type { ShopAccess } from "../api/client.ts";
import {
  type InactiveReason,
  inactiveReason,
  needsFreshToken,
  TikTokError,
} from "../api/errors.ts";
import {
  LEASE_SECONDS,
  LeasedLogin,
  type LoginDependencies,
  refreshLogin,
} from "./refresh_login.ts";
import { tokenContext } from "./encrypted_tokens.ts";

const Lease = z.discriminatedUnion("state", [
  z.object({ state: z.literal("leased"), login: LeasedLogin }),
  z.object({ state: z.literal("fresh"), access_token: z.string(), token_version: z.int() }),
  z.object({ state: z.literal("busy") }),
  z.object({ state: z.literal("waiting"), retry_after_seconds: z.number() }),
  z.object({ state: z.literal("inactive") }),
]);

const POLL_MS = 150;
/** By then another worker's refresh has ended, or that worker has died. */
const REFRESH_TIMEOUT_MS = 15_000;

/** The call has to wait, for another reason than the call itself. */
export class ConnectionWaitsError extends TikTokError implements Postponement {
  override name = "ConnectionWaitsError";
  readonly postponeSeconds: number;
  readonly whilePaused: boolean;

  constructor(message: string, postponeSeconds: number, options: { whilePaused?: boolean } = {}) {
    super(message, { retryAfterSeconds: postponeSeconds });
    this.postponeSeconds = postponeSeconds;
    this.whilePaused = options.whilePaused ?? false;
  }
}

/** TikTok refuses to renew the tokens, or the connection had ended before. */
export class ConnectionEndedError extends TikTokError {
  override name = "ConnectionEndedError";
}

export interface ShopConnectionOptions {
  /** Whether a shop that TikTok has deactivated is called too, to find out whether it still is. */
  probe?: boolean;
}

export class ShopConnection {
  readonly #dependencies: LoginDependencies;
  readonly #options: ShopConnectionOptions;
  #stored: StoredConnection;
  #accessToken: string | undefined;

  constructor(
    dependencies: LoginDependencies,
    stored: StoredConnection,
    options: ShopConnectionOptions = {},
  ) {
    this.#dependencies = dependencies;
    this.#stored = stored;
    this.#options = options;
  }

  /** @throws {TikTokError} */
  async call<T>(use: (access: Required<ShopAccess>) => Promise<T>): Promise<T> {
    const { paused_seconds } = this.#stored;
    if (paused_seconds !== null && !this.#options.probe) throw pausedError(paused_seconds);
    try {
      return await this.#call(use);
    } catch (error) {
      const reason = error instanceof TikTokError ? inactiveReason(error) : undefined;
      if (reason === undefined) throw error;
      throw await this.#pause(reason) ?? error;
    }
  }

  /** `undefined` if the seller has connected the shop again since this connection was read. */
  async #pause(reason: InactiveReason): Promise<ConnectionWaitsError | undefined> {
    const args = {
      p_tiktok_shop_id: this.#stored.id,
      p_token_version: this.#stored.token_version,
      p_reason: reason,
    };
    const { database } = this.#dependencies;
    const seconds = await callFunction(database, "pause_tiktok_shop", args, z.nullable(z.int()));
    if (seconds === null) return undefined;
    this.#stored = { ...this.#stored, paused_seconds: seconds };
    log.warn("shop paused", { shop_id: this.#stored.shop_id, reason });
    return pausedError(seconds);
  }

  async #call<T>(use: (access: Required<ShopAccess>) => Promise<T>): Promise<T> {
    const shopCipher = this.#stored.shop_cipher;
    this.#accessToken ??= await this.#decrypt(this.#stored.access_token);
    try {
      return await use({ accessToken: this.#accessToken, shopCipher });
    } catch (error) {
      if (!(error instanceof TikTokError) || !needsFreshToken(error)) throw error;
    }
    this.#accessToken = await this.#freshToken();
    return await use({ accessToken: this.#accessToken, shopCipher });
  }

  async #decrypt(text: string): Promise<string> {
    const context = tokenContext("access_token", this.#stored.shop_id);
    return await decrypt(this.#dependencies.keys, text, context);
  }

  /** Refreshes the token, or waits for the worker that does: many calls meet an expired token at once. */
  async #freshToken(): Promise<string> {
    const end = Date.now() + REFRESH_TIMEOUT_MS;
    while (Date.now() < end) {
      const args = {
        p_tiktok_shop_id: this.#stored.id,
        p_token_version: this.#stored.token_version,
        p_lease_seconds: LEASE_SECONDS,
      };
      const { database } = this.#dependencies;
      const lease = await callFunction(database, "lease_tiktok_login", args, Lease);
      switch (lease.state) {
        case "fresh": {
          const { access_token, token_version } = lease;
          this.#stored = { ...this.#stored, access_token, token_version };
          return await this.#decrypt(access_token);
        }
        case "leased": {
          const { outcome, grant } = await refreshLogin(this.#dependencies, lease.login);
          if (grant) {
            this.#stored = { ...this.#stored, token_version: lease.login.token_version + 1 };
            return grant.accessToken;
          }
          if (outcome === "superseded") break;
          const message = `The access token could not be refreshed: ${outcome}`;
          throw outcome === "needs_reauth"
            ? new ConnectionEndedError(message)
            : new TikTokError(message);
        }
        case "busy":
          await sleep(POLL_MS * (0.5 + Math.random()));
          break;
        case "waiting":
          throw new ConnectionWaitsError(
            "The access token can be refreshed only later",
            lease.retry_after_seconds,
          );
        case "inactive":
          throw new ConnectionEndedError("The shop is no longer connected");
      }
    }
    throw new ConnectionWaitsError("Another worker's token refresh takes too long", LEASE_SECONDS);
  }
}

function pausedError(seconds: number): ConnectionWaitsError {
  return new ConnectionWaitsError("TikTok has deactivated the shop", seconds, {
    whilePaused: true,
  });
}
