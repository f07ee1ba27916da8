/** Checks that the sellers are still connected, and that no token was lost or used twice. */
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { storedTokens } from "../support/logins.ts";
import type { TestStack } from "../support/stack.ts";
import { atMost, type Check, equal, none } from "./check.ts";
import type { ChaosSeller } from "./sellers.ts";
import type { FaultReport } from "./fault_schedule.ts";

export interface TokenCount {
  /** Pairs that TikTok gave. */
  given: number;
  /** Pairs that the database took. */
  stored: number;
  /** Spent refresh tokens that were used: once more where a fault or a kill took the refusal. */
  refused: number;
}

export async function countTokens(stack: TestStack): Promise<TokenCount> {
  const [row] = await stack.sql<{ stored: number }[]>`
    select coalesce(sum(token_version), 0)::int as stored from private.tiktok_logins`;
  const requests = stack.tiktok.tokenRequests;
  // Any other code is a fault of the host and does not concern the token.
  const refusals = requests.filter(({ code }) => code === 36004005);
  return {
    given: requests.filter(({ code }) => code === 0).length,
    stored: row?.stored ?? 0,
    refused: new Set(refusals.map(({ refreshToken }) => refreshToken)).size,
  };
}

/** @param before The count when the faults began. */
export async function checkConnections(
  stack: TestStack,
  sellers: ChaosSeller[],
  before: TokenCount,
  faults: FaultReport,
): Promise<Check[]> {
  const tokens = await storedTokens(stack, parseKeyRing(stack.env.ENCRYPTION_KEYS));
  const outdated = tokens.filter(({ openId, accessToken, refreshToken }) => {
    const newest = stack.tiktok.newestTokens(openId);
    return accessToken !== newest?.accessToken || refreshToken !== newest.refreshToken;
  });
  const after = await countTokens(stack);
  const lost = after.given - before.given - (after.stored - before.stored);
  const shops = sellers.flatMap((seller) => seller.shopIds).length;
  return [
    equal("shops connected", shops, tokens.length),
    none("shops without TikTok's newest tokens", outdated.map(({ openId }) => openId)),
    // docs/tiktok.md: a worker that dies between TikTok's answer and its own commit.
    atMost("token pairs lost with killed workers", faults.kills, lost),
    atMost("sellers who had to connect again for that", Math.max(0, lost), faults.reconnections),
    atMost(
      "refresh tokens used after they were spent",
      Math.max(0, lost),
      after.refused - before.refused,
    ),
  ];
}
