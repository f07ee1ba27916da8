/** What selling, settling and voiding labels stand on. */
import type { DatabaseClient } from "../database/client.ts";
import type { TikTokClient } from "../tiktok/api/client.ts";
import type { RefreshDependencies } from "../tiktok/connections/refresh_login.ts";
import type { EasyPostClient } from "./providers/easypost/client.ts";
import { EasyPostProvider } from "./providers/easypost/provider.ts";
import type { LabelProvider, ProviderName } from "./provider.ts";
import { Purchases } from "./purchases.ts";
import { TikTokShippingProvider } from "./providers/tiktok/provider.ts";

export interface LabelDependencies extends RefreshDependencies {
  tiktok: TikTokClient;
  purchases: Purchases;
  providers: Record<ProviderName, LabelProvider>;
}

export function createLabelDependencies(
  { tiktok, easypost, ...rest }: RefreshDependencies & {
    database: DatabaseClient;
    tiktok: TikTokClient;
    easypost: EasyPostClient;
  },
): LabelDependencies {
  return {
    ...rest,
    tiktok,
    purchases: new Purchases(rest.database),
    providers: {
      tiktok_shipping: new TikTokShippingProvider(tiktok, rest),
      easypost: new EasyPostProvider(easypost),
    },
  };
}
