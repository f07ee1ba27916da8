/** Dependencies of the label use cases. */
import type { CountryParameters } from "../config.ts";
import type { DatabaseClient } from "../database/client.ts";
import { TikTokClient } from "../tiktok/api/client.ts";
import type { TikTokDependencies } from "../tiktok/dependencies.ts";
import type { LabelConfig } from "./label_config.ts";
import { EasyPostClient } from "./providers/easypost/client.ts";
import { EasyPostProvider } from "./providers/easypost/provider.ts";
import type { LabelProvider } from "./providers/provider.ts";
import { TikTokShippingProvider } from "./providers/tiktok/provider.ts";
import { Purchases } from "./purchases.ts";
import type { ProviderName } from "./shipment.ts";

export interface LabelDependencies extends TikTokDependencies {
  purchases: Purchases;
  providers: Record<ProviderName, LabelProvider>;
  /** Tracks own tracking numbers. */
  easypost: EasyPostClient;
  /** For Get Shipping Providers. */
  countryParameters: CountryParameters;
  /** Whether EasyPost's key is a test key: then labels cost nothing, and test events count. */
  isEasyPostTest: boolean;
}

export function createLabelDependencies(
  database: DatabaseClient,
  { tiktok: config, easypost: easypostConfig, countryParameters, keys }: LabelConfig,
): LabelDependencies {
  const shops = { database, tiktok: new TikTokClient(config), config, keys };
  const easypost = new EasyPostClient(easypostConfig);
  return {
    ...shops,
    purchases: new Purchases(database),
    providers: {
      tiktok_shipping: new TikTokShippingProvider(shops),
      easypost: new EasyPostProvider(easypost),
    },
    easypost,
    countryParameters,
    isEasyPostTest: easypostConfig.apiKey.startsWith("EZTK"),
  };
}
