/** @jsxImportSource hono/jsx/dom */
/** The world around the product: each button does what buyers, carriers, Stripe and TikTok do. */
import { useState } from "hono/jsx/dom";
import { Select } from "../../components/field.tsx";
import { ErrorNotice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { listWorldShops } from "../../data/world.ts";
import { useQuery } from "../../use_query.ts";
import { Buyers } from "./buyers.tsx";
import { Effects } from "./effects.tsx";
import { Carriers, NewShop, Outages, Payments } from "./services.tsx";

export function WorldPage() {
  const { data: shops, error, reload } = useQuery("world-shops", listWorldShops);
  const [chosen, setChosen] = useState<string | null>(null);
  const shopId = chosen ?? shops?.[0]?.shop_id;
  return (
    <Several>
      <PageHead
        title="World"
        about="What buyers, carriers, Stripe and TikTok do. The simulators do it here; watch the product."
      />
      <ErrorNotice error={error} />
      {shops && shopId !== undefined && (
        <div class="grid aside">
          <div class="grid">
            <Select
              label="Shop"
              name="shop"
              value={shopId}
              options={shops.map(({ shop_id, name }) => [shop_id, `${name} (${shop_id})`] as const)}
              onChange={setChosen}
            />
            <Buyers shopId={shopId} />
            <Carriers />
            <Payments />
          </div>
          <div class="grid">
            <Effects />
            <Outages />
            <NewShop
              onOpened={({ shop_id }) => {
                setChosen(shop_id);
                reload();
              }}
            />
          </div>
        </div>
      )}
    </Several>
  );
}
