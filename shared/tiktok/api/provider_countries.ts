/** The countries that Get Shipping Providers wants for shops in the European Union, since 26 March 2026. */
import type { CountryParameters } from "../../config.ts";

/** Members, by ISO 3166-1; TikTok Shop itself is in some of them. */
const EUROPEAN_UNION = new Set([
  ...["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"],
  ...["IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"],
]);

export interface ProviderCountries {
  /** The shop's region; a shop without one is not in the European Union. */
  region: string | null | undefined;
  /** Country that the parcel is sent from. @default {region} */
  origin?: string | null | undefined;
  /** @default {region} */
  destination?: string | null | undefined;
}

/** The parameters of the call; none outside the European Union, where TikTok does not have them. */
export function countryQuery(
  names: CountryParameters,
  { region, origin, destination }: ProviderCountries,
): Record<string, string> {
  if (!region || !EUROPEAN_UNION.has(region)) return {};
  return { [names.origin]: origin || region, [names.destination]: destination || region };
}
