/** Labels from EasyPost, for orders that the seller ships. */
import { exactCents, isMore } from "../../../values/money.ts";
import type { ShippingAddress } from "../../../tiktok/orders/map_address.ts";
import { LabelError } from "../../errors.ts";
import { type Parcel, toInchesAndOunces } from "../../parcel.ts";
import type {
  BoughtLabel,
  Choice,
  LabelDocument,
  LabelFormat,
  LabelProvider,
  OrderToShip,
  ParcelNews,
  Purchase,
  Rate,
  VoidAnswer,
} from "../../provider.ts";
import { recipientForEasyPost, type Sender, senderForEasyPost } from "../../sender.ts";
import { type EasyPostClient, EasyPostError, type NewShipment } from "./client.ts";
import type { EasyPostRate, Shipment } from "./schemas.ts";
import { parcelNews } from "./tracking.ts";

/** The label was bought, or nobody can say: EasyPost's own words for it. */
const EXISTS = "SHIPMENT.POSTAGE.EXISTS";
const UNCLEAR = /IN_PROGRESS|TIMED_OUT|TIMEOUT|NO_RESPONSE/;

/** EasyPost has no default: the cheapest is one that every seller would take. */
const ANY = ["cheapest", "default"];

function serviceId(rate: EasyPostRate): string {
  return `${rate.carrier}/${rate.service}`;
}

/** What an error of a call that buys nothing, or bought nothing, means. */
function harmless(error: unknown): LabelError {
  if (!(error instanceof EasyPostError)) throw error;
  const { status, retryAfterSeconds } = error;
  if (status === 402) return new LabelError("funds_missing", { cause: error });
  if (status === 429 || status === 503) {
    return new LabelError("carrier_busy", { retryAfterSeconds, cause: error });
  }
  const refused = [400, 404, 422].includes(status);
  return new LabelError(refused ? "carrier_refused" : "carrier_unavailable", { cause: error });
}

/** What an error of a purchase means. */
function afterBuying(error: unknown): LabelError {
  if (!(error instanceof EasyPostError)) throw error;
  const { status, code } = error;
  // What has no code of EasyPost's is a proxy's word, which may have lost EasyPost's.
  const unclear = (code === "" && status !== 402) || status < 300 || status >= 500 ||
    status === 409 ||
    code === EXISTS || UNCLEAR.test(code);
  return unclear
    ? new LabelError("outcome_unknown", { bought: "unknown", cause: error })
    : harmless(error);
}

function chooseRate(shipment: Shipment, purchase: Purchase): EasyPostRate {
  const byPrice = shipment.rates.toSorted((a, b) => isMore(a.rate, b.rate) ? 1 : -1);
  const { service, carrier_rate_id } = purchase;
  const rate = shipment.rates.find((candidate) => candidate.id === carrier_rate_id) ??
    byPrice.find((candidate) => ANY.includes(service) || serviceId(candidate) === service);
  if (rate === undefined) throw new LabelError("service_unavailable");
  if (purchase.quoted_cost !== null && isMore(rate.rate, purchase.quoted_cost)) {
    throw new LabelError("price_changed");
  }
  return rate;
}

/** The postage; EasyPost's own fee for a label is between EasyPost and the account. */
function postageOf({ fees, selected_rate }: Shipment): string | null {
  const postage = fees?.find((fee) => fee.type === "PostageFee")?.amount;
  return exactCents(postage ?? "") ?? exactCents(selected_rate?.rate ?? "") ?? null;
}

function bought(shipment: Shipment, format: LabelFormat): BoughtLabel | undefined {
  const { postage_label, selected_rate, tracker } = shipment;
  if (!postage_label) return undefined;
  return {
    carrier: selected_rate?.carrier ?? tracker?.carrier ?? "unknown",
    service_type: selected_rate?.service ?? "unknown",
    shipping_cost: postageOf(shipment),
    currency: selected_rate?.currency ?? null,
    estimated_delivery: tracker ? parcelNews(tracker).estimated_delivery : null,
    tiktok_package_id: null,
    ...document(shipment, format),
  };
}

function document(shipment: Shipment, format: LabelFormat) {
  const label = shipment.postage_label;
  const urls = { PDF: label?.label_pdf_url, PNG: null, ZPL: label?.label_zpl_url };
  const drawn = /zpl/i.test(label?.label_file_type ?? "")
    ? "ZPL"
    : /pdf/i.test(label?.label_file_type ?? "")
    ? "PDF"
    : "PNG";
  const url = urls[format];
  return {
    label_url: url ?? label?.label_url ?? null,
    label_format: (url ? format : drawn) as LabelFormat,
    // EasyPost keeps its labels.
    label_expires_at: null,
    tracking_number: shipment.tracking_code ?? shipment.tracker?.tracking_code ?? null,
  };
}

export class EasyPostProvider implements LabelProvider {
  readonly #client: EasyPostClient;

  constructor(client: EasyPostClient) {
    this.#client = client;
  }

  async rates(
    order: OrderToShip,
    { parcel, sender }: { parcel: Parcel; sender: Sender | null },
  ): Promise<Rate[]> {
    // Nobody has said in which format the label is wanted: EasyPost converts PNG into the others, only.
    const shipment = await this.#create(crypto.randomUUID(), order, parcel, sender, "PNG");
    if (shipment.rates.length === 0) throw new LabelError("carrier_refused");
    return shipment.rates.flatMap((rate) => {
      const price = exactCents(rate.rate);
      if (price === undefined) return [];
      const days = rate.delivery_days ?? null;
      return [{
        carrier: rate.carrier,
        service: serviceId(rate),
        service_name: `${rate.carrier} ${rate.service}`,
        price,
        currency: rate.currency,
        days_min: days,
        days_max: days,
        is_default: false,
        carrier_shipment_id: shipment.id,
        carrier_rate_id: rate.id,
      }];
    });
  }

  async prepare(purchase: Purchase): Promise<Choice> {
    const { order, parcel, sender, label_format } = purchase;
    // Of a rate, or of an attempt before this one: EasyPost sells it once, whoever asks.
    const shipment = purchase.carrier_shipment_id === null
      ? await this.#create(purchase.id, order, parcel, sender, label_format)
      : await this.#read(purchase.carrier_shipment_id);
    const rate = chooseRate(shipment, purchase);
    return {
      service: serviceId(rate),
      carrier_shipment_id: shipment.id,
      carrier_rate_id: rate.id,
      quoted_cost: exactCents(rate.rate) ?? null,
      currency: rate.currency,
    };
  }

  async buy(purchase: Purchase, choice: Choice): Promise<BoughtLabel> {
    const { carrier_shipment_id, carrier_rate_id } = choice;
    const shipment = await this.#client.buyShipment(
      carrier_shipment_id as string,
      carrier_rate_id as string,
    ).catch((error) => {
      throw afterBuying(error);
    });
    const label = bought(shipment, purchase.label_format);
    if (label === undefined) throw new LabelError("outcome_unknown", { bought: "unknown" });
    return label;
  }

  async find(purchase: Purchase): Promise<BoughtLabel | undefined> {
    const { id, carrier_shipment_id, label_format } = purchase;
    try {
      return bought(await this.#client.getShipment(carrier_shipment_id ?? id), label_format);
    } catch (error) {
      // Never made. One that was made and is not there now is in another account: that tells nothing.
      const isUnknown = error instanceof EasyPostError && error.status === 404 && error.code !== "";
      if (isUnknown && carrier_shipment_id === null) return undefined;
      throw isUnknown ? new LabelError("carrier_unavailable", { cause: error }) : harmless(error);
    }
  }

  async label(purchase: Purchase): Promise<LabelDocument> {
    const id = purchase.carrier_shipment_id as string;
    const wanted = purchase.label_format;
    let label = document(await this.#read(id), wanted);
    if (label.label_format !== wanted) {
      const converted = await this.#client.convertLabel(id, wanted).catch((error) => {
        throw harmless(error);
      });
      label = document(converted, wanted);
    }
    const { label_url, ...rest } = label;
    if (label_url === null) throw new LabelError("label_not_ready");
    return { label_url, ...rest };
  }

  async void(purchase: Purchase): Promise<VoidAnswer> {
    const id = purchase.carrier_shipment_id as string;
    let shipment = await this.#read(id);
    // EasyPost advises to ask again after an early rejection.
    if (!shipment.refund_status || shipment.refund_status === "rejected") {
      shipment = await this.#refund(id);
    }
    switch (shipment.refund_status) {
      case "refunded":
        return { state: "voided", reason: null };
      // The carrier bills what it scans: an unused label costs nothing.
      case "not_applicable":
        return { state: "voided", reason: "billed_when_scanned" };
      case "rejected":
        return { state: "void_rejected", reason: "void_refused" };
      default:
        return { state: "void_requested", reason: null };
    }
  }

  async track(purchase: Purchase): Promise<ParcelNews> {
    const { tracker } = await this.#read(purchase.carrier_shipment_id as string);
    return parcelNews(tracker ?? {});
  }

  /** A refusal may only mean that somebody else has asked a moment before. */
  async #refund(id: string): Promise<Shipment> {
    try {
      return await this.#client.refundShipment(id);
    } catch (error) {
      const failure = harmless(error);
      if (failure.code !== "carrier_refused") throw failure;
      const shipment = await this.#read(id);
      if (!shipment.refund_status) throw failure;
      return shipment;
    }
  }

  async #read(id: string): Promise<Shipment> {
    return await this.#client.getShipment(id).catch((error) => {
      throw harmless(error);
    });
  }

  async #create(
    reference: string,
    order: OrderToShip,
    parcel: Parcel,
    sender: Sender | null,
    format: LabelFormat,
  ): Promise<Shipment> {
    if (sender === null) throw new LabelError("sender_required");
    const shipment: NewShipment = {
      reference,
      to_address: recipientForEasyPost(order.shipping_address as unknown as ShippingAddress),
      from_address: senderForEasyPost(sender),
      parcel: toInchesAndOunces(parcel),
      options: { label_format: format },
    };
    return await this.#client.createShipment(shipment).catch((error) => {
      throw harmless(error);
    });
  }
}
