/** @jsxImportSource hono/jsx/dom */
/** Shows whose shops TikTok named, and connects them when the seller agrees. */
import { useEffect } from "hono/jsx/dom";
import { useState } from "../../../hooks.ts";
import { ActionButton } from "../../../components/button.tsx";
import { Card } from "../../../components/card.tsx";
import { Icon } from "../../../components/icon.tsx";
import { ErrorNotice } from "../../../components/notice.tsx";
import { PageHead } from "../../../components/page_head.tsx";
import { Several } from "../../../components/several.tsx";
import { showToast } from "../../../components/toast.tsx";
import { currentClaim, forgetClaim } from "../../../claim.ts";
import { type ClaimedShop, confirmClaim, showClaim } from "../../../data/shops.ts";
import { CallError } from "../../../errors.ts";
import { navigate } from "../../../router.ts";
import { NotConnected } from "./not_connected.tsx";

function Names({ shops }: { shops: ClaimedShop[] }) {
  return (
    <ul class="choices">
      {shops.map((shop) => (
        <li key={shop.shop_id} class="row">
          <Icon name="shops" />
          <strong>{shop.shop_name ?? "A shop without a name"}</strong>
          <span class="muted">{shop.region}</span>
        </li>
      ))}
    </ul>
  );
}

/** The claim stays: a connection that another account holds may be confirmed again later. */
const RETRIABLE = [
  "shop_taken",
  "internal_error",
  "offline",
  "claim_not_shown",
  "too_many_requests",
];

function isFinal(error: unknown): error is CallError {
  return error instanceof CallError && !RETRIABLE.includes(error.code);
}

/** Nothing can be connected with this claim any more. */
function Refusal({ error: { code, message } }: { error: CallError }) {
  if (code !== "claim_unknown") return <NotConnected text={message} />;
  const text = "Nothing was connected. Begin again: connect the shop from your shops.";
  return <NotConnected title="This link is not valid" text={text} />;
}

export function ConfirmShops({ email }: { email: string }) {
  // The claim as it was at the beginning: a refusal forgets it.
  const [claim] = useState(() => currentClaim() ?? "");
  const [shops, setShops] = useState<ClaimedShop[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const fail = (caught: unknown): void => {
    setError(caught);
    if (isFinal(caught)) forgetClaim();
  };
  useEffect(() => {
    showClaim(claim).then(setShops, fail);
  }, [claim]);
  const leave = (): void => {
    forgetClaim();
    navigate("/seller/shops", { replace: true });
  };
  const connect = async (): Promise<void> => {
    setError(null);
    try {
      await confirmClaim(claim);
    } catch (caught) {
      return fail(caught);
    }
    showToast("Connected. Its orders of the last 30 days follow now.");
    forgetClaim();
    navigate("/seller", { replace: true });
  };
  if (isFinal(error)) return <Refusal error={error} />;
  return (
    <Several>
      <PageHead title={shops?.length === 1 ? "Connect this shop?" : "Connect your shops?"} />
      <Card>
        {shops
          ? <Names shops={shops} />
          : !error && <p role="status">Reading the shops from TikTok…</p>}
        {shops && (
          <p>
            To the account <strong>{email}</strong>. Connect only shops that are yours.
          </p>
        )}
        <ErrorNotice error={error} />
        <div class="row">
          <ActionButton isDisabled={!shops} onPress={connect}>Connect</ActionButton>
          <button type="button" class="button plain" onClick={leave}>Do not connect</button>
        </div>
      </Card>
    </Several>
  );
}
