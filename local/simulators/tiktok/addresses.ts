/** The recipient of the simulated orders, and TikTok's masks for it. */

const ADDRESS = {
  full_address: "118 Alder Street, Unit 4, Portland, Multnomah, Oregon, United States 97205",
  phone_number: "(+1)5035550142",
  name: "Rosa Delgado",
  first_name: "Rosa",
  last_name: "Delgado",
  region_code: "US",
  postal_code: "97205",
  address_line1: "118 Alder Street",
  address_line2: "Unit 4",
  post_town: "",
  address_line3: "",
  address_line4: "",
  address_detail: "118 Alder Street Unit 4",
  district_info: [
    { address_level: "L0", address_level_name: "Country", address_name: "United States" },
    { address_level: "L1", address_level_name: "State", address_name: "Oregon" },
    { address_level: "L2", address_level_name: "County", address_name: "Multnomah" },
    { address_level: "L3", address_level_name: "City", address_name: "Portland" },
  ],
};

/** For orders that TikTok itself delivers. */
const TIKTOK_MASK = {
  full_address: "11***, Portland, Multnomah, Oregon, United States 97205",
  phone_number: "(+1)503*****42",
  name: "R***",
  first_name: "R***",
  last_name: "D***",
  address_line1: "11***",
  address_line2: "Un***",
  address_detail: "11***",
};

/** The address of cancelled orders, and 30 days after COMPLETED. */
const FINAL_MASK = {
  full_address: "11***, Portland, Multnomah, Oregon, United States 97***",
  phone_number: "(+1)503*****42",
  name: "R***",
  first_name: "R***",
  last_name: "D***",
  postal_code: "97***",
  address_line1: "11***",
  address_line2: "Un***",
  address_detail: "11***",
  district_info: ADDRESS.district_info.map((district) =>
    district.address_level === "L3" ? { ...district, address_name: "Po***" } : district
  ),
};

/** UNPAID and ON_HOLD orders have no address; TikTok Shipping and cancelled orders a masked one. */
export function addressFields(status: string, shippingType: unknown): Record<string, unknown> {
  if (status === "UNPAID" || status === "ON_HOLD") return {};
  return {
    recipient_address: {
      ...ADDRESS,
      ...(shippingType === "TIKTOK" && TIKTOK_MASK),
      ...(status === "CANCELLED" && FINAL_MASK),
    },
  };
}

/** Where the buyer moved. */
const NEW_ADDRESS = {
  ...ADDRESS,
  full_address: "27 Juniper Court, Portland, Multnomah, Oregon, United States 97211",
  postal_code: "97211",
  address_line1: "27 Juniper Court",
  address_line2: "",
  address_detail: "27 Juniper Court",
};

/** The address behind TikTok's mask, which keeps the postal code. */
function unmasked(present: unknown): typeof ADDRESS {
  const { postal_code } = (present ?? {}) as { postal_code?: string };
  return postal_code === NEW_ADDRESS.postal_code ? NEW_ADDRESS : ADDRESS;
}

/** The buyer's other address: changed twice, it is the first one again. */
export function otherAddress(present: unknown, shippingType: unknown): Record<string, unknown> {
  const address = unmasked(present) === NEW_ADDRESS ? ADDRESS : NEW_ADDRESS;
  return { ...address, ...(shippingType === "TIKTOK" && TIKTOK_MASK) };
}

/** TikTok masks the address of an order that was completed more than 30 days ago. */
export function maskLongCompleted<
  Detail extends { status: string; update_time: number; recipient_address?: unknown },
>(detail: Detail, nowSeconds: number): Detail {
  const { status, update_time, recipient_address: address } = detail;
  const isOld = status === "COMPLETED" && update_time < nowSeconds - 30 * 24 * 3600;
  if (!isOld || typeof address !== "object") return detail;
  return { ...detail, recipient_address: { ...address, ...FINAL_MASK } };
}

/** The whole address, as the carrier needs it on the label. @param present `recipient_address` of the order */
export function addressOnLabel(present: unknown): string[] {
  const { name, address_line1, address_line2, postal_code } = unmasked(present);
  const lines = [name, address_line1, address_line2, `Portland OR ${postal_code}`, "US"];
  return lines.filter((line) => line !== "");
}

/** The address under another buyer's name, for `recipient_address`. */
export function addressOf(name: string): Record<string, unknown> {
  const [first_name, ...rest] = name.split(" ");
  return { ...ADDRESS, name, first_name, last_name: rest.join(" ") };
}
