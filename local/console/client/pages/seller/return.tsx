/** @jsxImportSource hono/jsx/dom */
/** Where TikTok's and Stripe's pages, and the links in mails, lead back to. */
import { useEffect } from "hono/jsx/dom";
import { Notice } from "../../components/notice.tsx";
import { Several } from "../../components/several.tsx";
import { currentClaim } from "../../claim.ts";
import { navigate, useAddress } from "../../router.ts";
import { useSession } from "../../session.ts";
import { StartPage } from "../start.tsx";
import { ConfirmShops } from "./return/confirm_shops.tsx";
import { NotConnected } from "./return/not_connected.tsx";
import { PlanChange } from "./return/plan_change.tsx";

const FAILURES: Record<string, string> = {
  refused: "You did not agree at TikTok: nothing was connected.",
  code_missing: "TikTok sent no code: nothing was connected. Try again.",
  code_invalid: "TikTok sent a code that is none: nothing was connected. Try again.",
  state_unknown: "The way back from TikTok was not begun here: nothing was connected.",
};

function Failure({ status, code }: { status: string; code: string | null }) {
  const text = FAILURES[status] ?? FAILURES[code ?? ""] ?? "The shop could not be connected.";
  return <NotConnected text={text} />;
}

/** After the link of a mail: signed in, or it had expired. */
function Arrival({ isSignedIn }: { isSignedIn: boolean }) {
  useEffect(() => {
    if (isSignedIn) navigate("/seller", { replace: true });
  }, [isSignedIn]);
  return isSignedIn ? <p role="status">Loading…</p> : <StartPage />;
}

export function ReturnPage() {
  const { searchParams: query } = useAddress();
  const session = useSession();
  const status = query.get("status");
  const billing = query.get("billing");
  if (status === "confirm" && currentClaim() !== null) {
    if (session) return <ConfirmShops email={session.user.email ?? ""} />;
    return (
      <Several>
        <Notice tone="info">Sign in to the account that the shop is for; then confirm it.</Notice>
        <StartPage />
      </Several>
    );
  }
  if (status !== null) return <Failure status={status} code={query.get("code")} />;
  if (billing !== null && session) return <PlanChange outcome={billing} />;
  return <Arrival isSignedIn={Boolean(session)} />;
}
