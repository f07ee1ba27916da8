/** What the callers of `tiktok-oauth` are told when something failed. */
import { DatabaseError } from "../../shared/database/result.ts";
import { Problem } from "../../shared/http/problem.ts";
import {
  ConnectError,
  type ConnectFailure,
} from "../../shared/tiktok/connections/connect_shops.ts";

const FAILURES: Record<ConnectFailure, { status: number; detail: string }> = {
  code_refused: {
    status: 422,
    detail: "TikTok does not accept this authorisation any more. Please begin again.",
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
      "Another account has connected one of these shops. It must be disconnected there first.",
  },
  tiktok_unavailable: {
    status: 502,
    detail: "TikTok did not answer. Nothing was connected; please begin again.",
  },
};

/** TikTok's code is used up either way: whoever gets one of these begins again. */
export function connectProblem(error: unknown): Problem {
  if (error instanceof ConnectError) {
    const { code, cause } = error;
    return new Problem({ code, ...FAILURES[code] }, { cause });
  }
  const detail = "Something went wrong on our side. Nothing was connected; please begin again.";
  return new Problem({ status: 500, code: "internal_error", detail }, { cause: error });
}

const CLAIMS = {
  unknown: { status: 400, detail: "That is not a claim that we have given out." },
  expired: { status: 410, detail: "The claim has expired. Install CreatorFlow at TikTok again." },
  used: { status: 409, detail: "The claim has been used already." },
} as const;

export function claimProblem(outcome: keyof typeof CLAIMS): Problem {
  return new Problem({ code: `claim_${outcome}`, ...CLAIMS[outcome] });
}

/** A token lives on for a while after its account was deleted. @throws {Problem} 401, or the error */
export function accountGone(error: unknown): never {
  if (!(error instanceof DatabaseError) || error.code !== "PT404") throw error;
  throw new Problem({
    status: 401,
    code: "account_gone",
    detail: "This account was deleted.",
  });
}
