/** Codes of US states: TikTok writes their names, and carriers take only the Postal Service's two letters. */

/** USPS Publication 28, appendix B. */
const CODES: Readonly<Record<string, string>> = {
  ...{ ALABAMA: "AL", ALASKA: "AK", ARIZONA: "AZ", ARKANSAS: "AR", CALIFORNIA: "CA" },
  ...{ COLORADO: "CO", CONNECTICUT: "CT", DELAWARE: "DE", "DISTRICT OF COLUMBIA": "DC" },
  ...{ FLORIDA: "FL", GEORGIA: "GA", HAWAII: "HI", IDAHO: "ID", ILLINOIS: "IL", INDIANA: "IN" },
  ...{ IOWA: "IA", KANSAS: "KS", KENTUCKY: "KY", LOUISIANA: "LA", MAINE: "ME", MARYLAND: "MD" },
  ...{ MASSACHUSETTS: "MA", MICHIGAN: "MI", MINNESOTA: "MN", MISSISSIPPI: "MS", MISSOURI: "MO" },
  ...{ MONTANA: "MT", NEBRASKA: "NE", NEVADA: "NV", "NEW HAMPSHIRE": "NH", "NEW JERSEY": "NJ" },
  ...{ "NEW MEXICO": "NM", "NEW YORK": "NY", "NORTH CAROLINA": "NC", "NORTH DAKOTA": "ND" },
  ...{ OHIO: "OH", OKLAHOMA: "OK", OREGON: "OR", PENNSYLVANIA: "PA", "RHODE ISLAND": "RI" },
  ...{ "SOUTH CAROLINA": "SC", "SOUTH DAKOTA": "SD", TENNESSEE: "TN", TEXAS: "TX", UTAH: "UT" },
  ...{ VERMONT: "VT", VIRGINIA: "VA", WASHINGTON: "WA", "WEST VIRGINIA": "WV", WISCONSIN: "WI" },
  WYOMING: "WY",
  ...{ "AMERICAN SAMOA": "AS", GUAM: "GU", "NORTHERN MARIANA ISLANDS": "MP" },
  ...{ "PUERTO RICO": "PR", "VIRGIN ISLANDS": "VI", "U.S. VIRGIN ISLANDS": "VI" },
  ...{ "ARMED FORCES AMERICAS": "AA", "ARMED FORCES EUROPE": "AE", "ARMED FORCES PACIFIC": "AP" },
};

/** The code of a state in the United States; anything else is returned as it is. */
export function stateForCarrier(
  state: string | null | undefined,
  country: string | null | undefined,
): string | null | undefined {
  if (country !== "US" || !state) return state;
  return CODES[state.trim().toUpperCase()] ?? state;
}
