/** @jsxImportSource hono/jsx/dom */
/** The seller's TikTok shops: connect, connect again, disconnect. */
import { useState } from "../../hooks.ts";
import { Badge } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { ConfirmDialog } from "../../components/confirm_dialog.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { ErrorNotice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { showToast } from "../../components/toast.tsx";
import { disconnectShop, listShops, type Shop } from "../../data/shops.ts";
import { describeRegion, formatTime } from "../../format.ts";
import { SHOP_STATES, SHOP_TONES } from "../../states.ts";
import { useQuery } from "../../use_query.ts";
import { ConnectShop } from "./connect_shop.tsx";

function ShopCard({ shop, onDisconnect }: { shop: Shop; onDisconnect: () => void }) {
  const canConnect = shop.status === "needs_reauth" || shop.status === "disconnected";
  return (
    <Card
      title={shop.shop_name ?? shop.shop_id}
      end={<Badge tone={SHOP_TONES[shop.status] ?? "calm"}>{SHOP_STATES[shop.status]}</Badge>}
    >
      <p>{shop.message}</p>
      <dl class="facts small">
        <dt>Country</dt>
        <dd>{describeRegion(shop.region)}</dd>
        <dt>TikTok's id</dt>
        <dd class="number">{shop.shop_id}</dd>
        <dt>Connected</dt>
        <dd>{formatTime(shop.connected_at)}</dd>
      </dl>
      <div class="row">
        {canConnect && <ConnectShop isSmall region={shop.region} text="Connect again" />}
        {(shop.status === "active" || shop.status === "paused") && (
          <button type="button" class="button plain small" onClick={onDisconnect}>
            Disconnect
          </button>
        )}
      </div>
    </Card>
  );
}

function DisconnectDialog(
  { shop, onClose }: { shop: Shop; onClose: () => void },
) {
  const disconnect = async (): Promise<void> => {
    await disconnectShop(shop.id);
    showToast(`${shop.shop_name ?? shop.shop_id} is disconnected.`);
    onClose();
  };
  return (
    <ConfirmDialog
      title={`Disconnect ${shop.shop_name ?? shop.shop_id}?`}
      action="Disconnect"
      onConfirm={disconnect}
      onClose={onClose}
    >
      <p>New orders no longer arrive. Orders that are here stay, and you can connect again.</p>
    </ConfirmDialog>
  );
}

export function ShopsPage() {
  const { data: shops, error, reload } = useQuery("shops", listShops, { hasRows: false });
  const [ending, setEnding] = useState<Shop | null>(null);
  const close = (): void => {
    setEnding(null);
    reload();
  };
  return (
    <Several>
      <PageHead title="Shops" about="TikTok shops whose orders arrive here.">
        {shops && shops.length > 0 && <ConnectShop text="Connect another shop" />}
      </PageHead>
      <ErrorNotice error={error} />
      {shops?.length === 0 && (
        <Card>
          <EmptyState icon="shops" title="No shop is connected" level={2}>
            <p>
              TikTok asks you to agree. You see the shop's name once more before it is connected;
              then its orders of the last 30 days arrive.
            </p>
            <ConnectShop />
          </EmptyState>
        </Card>
      )}
      <div class="grid two">
        {shops?.map((shop) => (
          <ShopCard
            key={shop.id}
            shop={shop}
            onDisconnect={() => setEnding(shop)}
          />
        ))}
      </div>
      {ending && <DisconnectDialog shop={ending} onClose={close} />}
    </Several>
  );
}
