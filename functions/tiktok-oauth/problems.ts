/** The responses of `tiktok-oauth` to errors. */
import { isNotFound } from "../../shared/database/errors.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { type ProblemEntry, problemOf } from "../../shared/http/problem_table.ts";
import { accountDeleted, tokenRefused } from "../../shared/http/users.ts";
import {
  ClaimError,
  type ClaimFailure,
  ConnectError,
  type ConnectFailure,
} from "../../shared/tiktok/connections/errors.ts";
import { LoggableError } from "../../shared/loggable_error.ts";

/** The path does not name a shop. */
export class ShopNotFoundError extends LoggableError {
  override name = "ShopNotFoundError";
}

const CLAIMS: Record<ClaimFailure, ProblemEntry> = {
  claim_unknown: { status: 400, detail: "The claim is unknown: CreatorFlow did not issue it." },
  claim_expired: { status: 410, detail: "The claim has expired. Please start again." },
  claim_used: { status: 409, detail: "The claim has been used already." },
  claim_not_shown: {
    status: 409,
    detail: "Call without confirm first, and show the seller the names of the shops.",
  },
  state_unknown: { status: 400, detail: "The authorization is unknown. Please start again." },
  state_expired: { status: 410, detail: "The authorization took too long. Please start again." },
  state_used: { status: 409, detail: "The authorization has been used already." },
  state_of_another_user: {
    status: 403,
    detail: "Another account began this authorization. Nothing was connected. If you were sent " +
      "the link, do not use it; start from your own account.",
  },
};

const FAILURES: Record<ConnectFailure, ProblemEntry> = {
  code_refused: {
    status: 422,
    detail: "TikTok no longer accepts this authorization. Please start again.",
  },
  not_a_seller: {
    status: 422,
    detail: "This TikTok login is not a seller's. Sign in at TikTok as the owner of the shop.",
  },
  no_shops: { status: 422, detail: "This TikTok login owns no shop." },
  permission_missing: {
    status: 422,
    detail: "TikTok does not let us see the shops of this login.",
  },
  shop_taken: {
    status: 409,
    detail:
      "This TikTok login has a shop that another account has connected. Disconnect it there first.",
  },
  tiktok_unavailable: {
    status: 502,
    detail: "TikTok did not answer. Nothing was connected; please start again.",
  },
};

export const PROBLEMS = {
  ...CLAIMS,
  ...FAILURES,
  shop_not_found: { status: 404, detail: "You have no such shop." },
};

export function toProblem(error: unknown): Problem | undefined {
  if (error instanceof ClaimError) return problemOf(PROBLEMS, error.code);
  if (error instanceof ConnectError) {
    const { code, cause } = error;
    return problemOf(PROBLEMS, code, { cause });
  }
  if (isShopNotFound(error)) return problemOf(PROBLEMS, "shop_not_found");
  if (isNotFound(error)) return accountDeleted(error);
  return tokenRefused(error);
}

function isShopNotFound(error: unknown): boolean {
  return error instanceof ShopNotFoundError ||
    isNotFound(error) && error.operation === "disconnect_tiktok_shop";
}
