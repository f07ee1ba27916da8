/** The routes of `tiktok-token-refresh`, for the API's document. */
import type { FunctionOperations } from "../../shared/http/operations.ts";
import { RefreshSummary } from "../../shared/tiktok/connections/refresh_due_logins.ts";

export const operations: FunctionOperations = {
  description: "For the scheduler: refreshes TikTok's tokens. docs/tiktok.md.",
  operations: [{
    id: "refreshTokens",
    method: "post",
    path: "/",
    caller: "secret_key",
    summary: "Refreshes the tokens that expire soon",
    answers: {
      200: {
        description: "What was done.",
        body: {
          id: "RefreshSummary",
          schema: RefreshSummary,
          description: "Number of logins by outcome.",
          fields: {
            refreshed: "Logins with new tokens.",
            superseded: "Logins that another worker or a new authorization has renewed.",
            waiting: "Logins that are tried again later: TikTok did not answer.",
            needs_reauth: "Logins whose tokens TikTok refuses: the seller must connect again.",
            expired: "Shops whose authorization has expired.",
          },
          example: { refreshed: 2, superseded: 0, waiting: 0, needs_reauth: 0, expired: 0 },
        },
      },
    },
  }],
};
