/** Dependencies of the label use cases. */
import {
  type CountryParameters,
  type Environment,
  readEasyPostConfig,
  readTikTokCountryParameters,
} from "../config.ts";
import type { DatabaseClient } from "../database/client.ts";
import { createTikTokDependencies, type TikTokDependencies } from "../tiktok/dependencies.ts";
import { EasyPostClient } from "./providers/easypost/client.ts";
import { EasyPostProvider } from "./providers/easypost/provider.ts";
import type { LabelProvider } from "./providers/provider.ts";
import { TikTokShippingProvider } from "./providers/tiktok/provider.ts";
import { Purchases } from "./purchases.ts";
import type { ProviderName } from "./schemas.ts";

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

/** @throws {ConfigError} */
export function createLabelDependencies(
  database: DatabaseClient,
  env?: Environment,
): LabelDependencies {
  const shops = createTikTokDependencies(database, env);
  const config = readEasyPostConfig(env);
  const easypost = new EasyPostClient(config);
  return {
    ...shops,
    purchases: new Purchases(database),
    providers: {
      tiktok_shipping: new TikTokShippingProvider(shops),
      easypost: new EasyPostProvider(easypost),
    },
    easypost,
    countryParameters: readTikTokCountryParameters(env),
    isEasyPostTest: config.apiKey.startsWith("EZTK"),
  };
}
