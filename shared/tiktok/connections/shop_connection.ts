/** Calls TikTok for one connected shop: an expired token is refreshed and the call repeated, once. */
import * as z from "zod";
import { decrypt } from "../../crypto/encryption.ts";
import { callFunction } from "../../database/call_function.ts";
import type { StoredConnection } from "../../inbox/events.ts";
import { sleep } from "../../retry.ts";
import type { ShopAccess } from "../api/client.ts";
import { needsFreshToken, TikTokError } from "../api/errors.ts";
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

export class ShopConnection {
  readonly #dependencies: LoginDependencies;
  #stored: StoredConnection;
  #accessToken: string | undefined;

  constructor(dependencies: LoginDependencies, stored: StoredConnection) {
    this.#dependencies = dependencies;
    this.#stored = stored;
  }

  /** @throws {TikTokError} */
  async call<T>(use: (access: Required<ShopAccess>) => Promise<T>): Promise<T> {
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
          throw new TikTokError(`The access token could not be refreshed: ${outcome}`);
        }
        case "busy":
          await sleep(POLL_MS * (0.5 + Math.random()));
          break;
        case "waiting":
          throw new TikTokError("The access token can be refreshed only later", {
            retryAfterSeconds: lease.retry_after_seconds,
          });
        case "inactive":
          throw new TikTokError("The shop is no longer connected");
      }
    }
    throw new TikTokError("Another worker's token refresh takes too long", {
      retryAfterSeconds: LEASE_SECONDS,
    });
  }
}
