/** Parcels as their carriers see them. A scan of one parcel reaches EasyPost, and TikTok if it knows the parcel. */
import { callControl } from "../console_api.ts";
import { parcelStateOf } from "../states.ts";
import type { Answers } from "./world.ts";

interface EasyPostParcel {
  tracking_code: string;
  carrier: string;
  status: string;
  created_at: string;
}

interface TikTokParcel {
  package_id: string;
  order_id: string;
  shop_id: string;
  tracking_number: string;
  status: string;
  created_at: string;
}

export interface WorldParcel {
  /** What a carrier scans. */
  number: string;
  carrier: string;
  /** As the seller's pages name it. */
  state: string;
  created_at: string;
  /** TikTok's order, once TikTok knows the parcel. */
  orderId: string | undefined;
  isTracked: boolean;
  package: TikTokParcel | undefined;
}

/** The parcel's next state, by its present one. */
const NEXT_STATE: Record<string, string> = {
  purchased: "in_transit",
  in_transit: "out_for_delivery",
  out_for_delivery: "delivered",
};

/** TikTok has no state for the last day. */
const NEXT_AT_TIKTOK: Record<string, string> = { ...NEXT_STATE, in_transit: "delivered" };

const PACKAGE_STATUS: Record<string, string> = { in_transit: "FULFILLING", delivered: "COMPLETED" };

/** `undefined` at its end. */
export function nextState({ state, isTracked }: WorldParcel): string | undefined {
  return (isTracked ? NEXT_STATE : NEXT_AT_TIKTOK)[state];
}

/** One row for each parcel, the newest first. */
export function joinParcels(easypost: EasyPostParcel[], tiktok: TikTokParcel[]): WorldParcel[] {
  const packages = new Map(tiktok.map((parcel) => [parcel.tracking_number, parcel]));
  const tracked = easypost.map(({ tracking_code, carrier, status, created_at }): WorldParcel => {
    const found = packages.get(tracking_code);
    packages.delete(tracking_code);
    return {
      ...{ number: tracking_code, carrier, state: parcelStateOf(status), created_at },
      ...{ orderId: found?.order_id, isTracked: true, package: found },
    };
  });
  const others = [...packages.values()].map((parcel): WorldParcel => ({
    ...{ number: parcel.tracking_number, carrier: "TikTok Shipping" },
    ...{ state: parcelStateOf(parcel.status), created_at: parcel.created_at },
    ...{ orderId: parcel.order_id, isTracked: false, package: parcel },
  }));
  return [...tracked, ...others].sort((a, b) => b.created_at.localeCompare(a.created_at));
}

/** Parcels of the shop, and those that TikTok does not know yet. */
export async function listWorldParcels(shopId: string): Promise<WorldParcel[]> {
  const [easypost, tiktok] = await Promise.all([
    callControl<{ parcels: EasyPostParcel[] }>("easypost", "parcels"),
    callControl<{ parcels: TikTokParcel[] }>("tiktok", "parcels"),
  ]);
  return joinParcels(easypost.parcels, tiktok.parcels)
    .filter((parcel) => parcel.package === undefined || parcel.package.shop_id === shopId);
}

/** Moves a parcel. Returns the product's answers to the webhooks. */
export async function moveParcel(parcel: WorldParcel, state: string): Promise<Answers> {
  const answers: number[] = [];
  const note = ({ answers: more }: { answers: number[] }) => answers.push(...more);
  if (parcel.isTracked) {
    const path = `trackers/${encodeURIComponent(parcel.number)}`;
    note(await callControl("easypost", path, { method: "POST", body: { status: state } }));
  }
  const status = PACKAGE_STATUS[state];
  if (parcel.package && status !== undefined && status !== parcel.package.status) {
    const path = `packages/${parcel.package.package_id}`;
    note(await callControl("tiktok", path, { method: "PATCH", body: { status } }));
  }
  return { answers };
}
