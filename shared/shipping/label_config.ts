/** The configuration of the label use cases. */
import {
  type CountryParameters,
  type EasyPostConfig,
  type Environment,
  readEasyPostConfig,
  readEncryptionKeys,
  readTikTokConfig,
  readTikTokCountryParameters,
  type TikTokConfig,
} from "../config.ts";
import type { KeyRing } from "../crypto/key_ring.ts";

export interface LabelConfig {
  tiktok: TikTokConfig;
  easypost: EasyPostConfig;
  /** For Get Shipping Providers. */
  countryParameters: CountryParameters;
  /** For TikTok's tokens at rest. */
  keys: KeyRing;
}

/** @throws {ConfigError} */
export function readLabelConfig(env?: Environment): LabelConfig {
  return {
    tiktok: readTikTokConfig(env),
    easypost: readEasyPostConfig(env),
    countryParameters: readTikTokCountryParameters(env),
    keys: readEncryptionKeys(env),
  };
}
