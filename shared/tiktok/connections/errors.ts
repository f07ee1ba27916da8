/** Why shops are not connected. */
import { LoggableError } from "../../loggable_error.ts";

/** Why a claim is refused: codes for the seller's browser (docs/tiktok.md). */
export type ClaimFailure =
  /** Not a claim of ours, or altered. */
  | "claim_unknown"
  | "claim_expired"
  /** Connected already, opened by another account, or its exchange failed. */
  | "claim_used"
  /** Confirmed before the names of its shops were shown. */
  | "claim_not_shown"
  | "state_unknown"
  | "state_expired"
  | "state_used"
  /** Another account began this authorization. */
  | "state_of_another_user";

/** Nothing was connected. */
export class ClaimError extends LoggableError {
  override name = "ClaimError";
  readonly code: ClaimFailure;

  constructor(code: ClaimFailure) {
    super(code);
    this.code = code;
  }
}

/** Why shops were not connected: codes for the seller's browser (docs/tiktok.md). */
export type ConnectFailure =
  /** The code is wrong, used or older than 30 minutes, or its tokens were replaced meanwhile. */
  | "code_refused"
  /** A creator's or partner's login. */
  | "not_a_seller"
  | "no_shops"
  /** The app may not see the shops: its scopes at TikTok. */
  | "permission_missing"
  /** Another account has a live connection to one of the shops. */
  | "shop_taken"
  | "tiktok_unavailable";

export class ConnectError extends LoggableError {
  override name = "ConnectError";
  readonly code: ConnectFailure;

  constructor(code: ConnectFailure, cause: unknown) {
    super(code, { cause });
    this.code = code;
  }
}
