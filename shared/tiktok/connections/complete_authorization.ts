/**
 * The end of an authorization: the seller sees whose shops a claim would connect, and confirms. Between the two
 * the tokens wait, encrypted, in a row that ends with the claim.
 */
import * as z from "zod/mini";
import { sha256Hex } from "../../crypto/digests.ts";
import { decrypt, encrypt } from "../../crypto/encryption.ts";
import { callFunction } from "../../database/call_function.ts";
import { AuthorizedShop } from "../api/schemas.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { type Claim, openClaim } from "./claims.ts";
import { ClaimError } from "./errors.ts";
import { exchangeCode, toConnectError } from "./exchange_code.ts";
import { type AuthorizedShops, ConnectedShop, toGrantRow } from "./store_shops.ts";

const Opened = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("exchange") }),
  z.object({ outcome: z.literal("shown"), sealed_grant: z.string(), expires_at: z.string() }),
  z.object({
    outcome: z.enum([
      "claim_used",
      "claim_expired",
      "claim_not_shown",
      "state_unknown",
      "state_expired",
      "state_used",
      "state_of_another_user",
    ]),
  }),
]);

const SealedGrant: z.ZodMiniType<AuthorizedShops> = z.object({
  grant: z.object({
    openId: z.string(),
    accessToken: z.string(),
    accessTokenExpiresAt: z.number(),
    refreshToken: z.string(),
    refreshTokenExpiresAt: z.number(),
    scopes: z.array(z.string()),
    requestedAt: z.number(),
  }),
  shops: z.array(AuthorizedShop),
  isComplete: z.boolean(),
});

/** Shops that a seller sees before they confirm. */
export interface ShownShops {
  shops: { shop_id: string; shop_name: string | null; region: string | null }[];
  expires_at: string;
}

/** Binds the stored text to its seller and its claim. */
function grantContext(userId: string, claimHash: string): string {
  return `tiktok_claims.sealed_grant:${userId}:${claimHash}`;
}

async function openRow(
  { database }: TikTokDependencies,
  userId: string,
  claim: Claim,
  mayExchange: boolean,
) {
  const args = {
    p_user_id: userId,
    p_claim_hash: sha256Hex(claim.code),
    p_state_hash: claim.state === undefined ? null : sha256Hex(claim.state),
    p_expires_at: new Date(claim.expires_at).toISOString(),
    p_may_exchange: mayExchange,
  };
  const opened = await callFunction(database, "open_tiktok_claim", args, Opened);
  if (opened.outcome === "exchange" || opened.outcome === "shown") return opened;
  throw new ClaimError(opened.outcome);
}

async function unsealGrant(
  { keys }: TikTokDependencies,
  sealedGrant: string,
  context: string,
): Promise<AuthorizedShops> {
  return SealedGrant.parse(JSON.parse(await decrypt(keys, sealedGrant, context)));
}

function describeShops({ shops }: AuthorizedShops, expires_at: string): ShownShops {
  const shown = shops.map((shop) => ({
    shop_id: shop.id,
    shop_name: shop.name ?? null,
    region: shop.region ?? null,
  }));
  return { shops: shown, expires_at };
}

/**
 * Reads the shops that a claim would connect, and connects nothing. The first call exchanges the code;
 * repeating it shows the same shops. `now` in milliseconds.
 * @throws {ClaimError}
 * @throws {ConnectError} the code is used up: the seller begins again
 */
export async function showShops(
  dependencies: TikTokDependencies,
  userId: string,
  text: string,
  now: number,
): Promise<ShownShops> {
  const { database, keys } = dependencies;
  const claim = await openClaim(keys, text, now);
  const claimHash = sha256Hex(claim.code);
  const context = grantContext(userId, claimHash);
  const opened = await openRow(dependencies, userId, claim, true);
  if (opened.outcome === "shown") {
    return describeShops(
      await unsealGrant(dependencies, opened.sealed_grant, context),
      opened.expires_at,
    );
  }
  const authorized = await exchangeCode(dependencies, claim.code);
  const args = {
    p_user_id: userId,
    p_claim_hash: claimHash,
    p_sealed_grant: await encrypt(keys, JSON.stringify(authorized), context),
  };
  const expiresAt = await callFunction(
    database,
    "store_tiktok_claim",
    args,
    z.nullable(z.string()),
  );
  if (expiresAt === null) throw new ClaimError("claim_expired");
  return describeShops(authorized, expiresAt);
}

/**
 * Connects the shops that `showShops` showed, all or none, once. The event worker then subscribes their webhooks
 * and reads their orders. `now` in milliseconds.
 * @throws {ClaimError}
 * @throws {ConnectError} `shop_taken`; the claim can be confirmed again until it expires. `code_refused`; the seller
 *   begins again
 */
export async function confirmShops(
  dependencies: TikTokDependencies,
  userId: string,
  text: string,
  now: number,
): Promise<ConnectedShop[]> {
  const claim = await openClaim(dependencies.keys, text, now);
  const claimHash = sha256Hex(claim.code);
  const opened = await openRow(dependencies, userId, claim, false);
  if (opened.outcome !== "shown") throw new ClaimError("claim_not_shown");
  const context = grantContext(userId, claimHash);
  const authorized = await unsealGrant(dependencies, opened.sealed_grant, context);
  const args = {
    p_user_id: userId,
    p_claim_hash: claimHash,
    p_grant: await toGrantRow(dependencies.keys, authorized),
  };
  const shops = await callFunction(
    dependencies.database,
    "confirm_tiktok_claim",
    args,
    z.nullable(z.array(ConnectedShop)),
  ).catch((error) => {
    throw toConnectError(error);
  });
  if (shops === null) throw new ClaimError("claim_used");
  return shops;
}
