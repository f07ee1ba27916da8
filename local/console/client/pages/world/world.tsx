/** @jsxImportSource hono/jsx/dom */
/** The world around the product: each button does what buyers, carriers, Stripe and TikTok do. */
import { Select } from "../../components/field.tsx";
import { ErrorNotice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { listShops } from "../../data/shops.ts";
import { listWorldShops, type WorldShop } from "../../data/world.ts";
import { useState } from "../../hooks.ts";
import { useSession } from "../../session.ts";
import { useQuery } from "../../use_query.ts";
import { Buyers } from "./buyers.tsx";
import { Carriers } from "./carriers.tsx";
import { Effects } from "./effects.tsx";
import { NewShop } from "./new_shop.tsx";
import { Outages } from "./outages.tsx";
import { Payments } from "./payments.tsx";

/** TikTok's ids of the shops that the signed-in seller has connected. */
async function listOwn(isSignedIn: boolean): Promise<string[]> {
  if (!isSignedIn) return [];
  return (await listShops()).filter(({ status }) => status === "active").map(({ shop_id }) =>
    shop_id
  );
}

/** The seller's own shops first, so that an order arrives where the seller looks. */
function sortShops(shops: WorldShop[], own: string[]): WorldShop[] {
  const rank = ({ shop_id }: WorldShop) => Number(!own.includes(shop_id));
  return shops.toSorted((a, b) => rank(a) - rank(b));
}

function useShops() {
  const session = useSession();
  const world = useQuery("world-shops", listWorldShops, { hasRows: false });
  const own = useQuery(`own-shops:${session?.user.id}`, () => listOwn(session !== null), {
    hasRows: false,
  });
  const ownIds = own.data ?? (own.error && []);
  return {
    shops: world.data && ownIds && sortShops(world.data, ownIds),
    own: ownIds ?? [],
    error: world.error ?? own.error,
    reload: world.reload,
  };
}

export function WorldPage() {
  const { shops, own, error, reload } = useShops();
  const [chosen, setChosen] = useState<string | null>(null);
  const shopId = chosen ?? shops?.[0]?.shop_id;
  const describe = ({ shop_id, name }: WorldShop) =>
    `${name}${own.includes(shop_id) ? ", yours" : ""} (${shop_id})`;
  const choose = ({ shop_id }: WorldShop) => {
    setChosen(shop_id);
    reload();
  };
  return (
    <Several>
      <PageHead
        title="World"
        about="What buyers, carriers, Stripe and TikTok do. The simulators do it here; watch the product."
      />
      <ErrorNotice error={error} />
      {shops && shopId !== undefined && (
        <div class="world">
          <div class="grid">
            <Select
              label="Shop"
              name="shop"
              value={shopId}
              options={shops.map((shop) => [shop.shop_id, describe(shop)] as const)}
              onChange={setChosen}
            />
            <Buyers shopId={shopId} />
          </div>
          <Effects />
          <div class="grid">
            <Carriers shopId={shopId} />
            <Payments />
            <div class="grid two">
              <Outages />
              <NewShop onOpened={choose} />
            </div>
          </div>
        </div>
      )}
    </Several>
  );
}
