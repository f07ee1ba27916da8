/** Labels from EasyPost, for orders that the seller ships. */
import { exactCents } from "../../../values/money.ts";
import { LabelError } from "../../errors.ts";
import { type Parcel, toInchesAndOunces } from "../../parcel.ts";
import type { OrderToShip, Purchase } from "../../schemas.ts";
import type { LabelFormat } from "../../shipment.ts";
import { recipientForEasyPost, type Sender, senderForEasyPost } from "../../sender.ts";
import type {
  BoughtLabel,
  Choice,
  LabelDocument,
  LabelProvider,
  PreparedChoice,
  Rate,
  RatesRequest,
  TrackingUpdate,
  VoidDecision,
} from "../provider.ts";
import type { EasyPostClient, NewShipment } from "./client.ts";
import { EasyPostError } from "./easypost_error.ts";
import { toLabelError, toPurchaseError } from "./errors.ts";
import { toBoughtLabel, toLabelDocument } from "./labels.ts";
import { chooseRate, requireRates, serviceIdOf, toRates } from "./rates.ts";
import type { Shipment } from "./schemas.ts";
import { toTrackingUpdate } from "./tracking.ts";

interface ShipmentRequest {
  reference: string;
  order: OrderToShip;
  parcel: Parcel;
  sender: Sender | null;
  format: LabelFormat;
}

export class EasyPostProvider implements LabelProvider {
  readonly #client: EasyPostClient;

  constructor(client: EasyPostClient) {
    this.#client = client;
  }

  async rates(
    order: OrderToShip,
    { parcel, sender }: Omit<RatesRequest, "lineItemIds">,
  ): Promise<Rate[]> {
    // The format is not known yet, and EasyPost converts only PNG into the others.
    const reference = crypto.randomUUID();
    const shipment = await this.#create({ reference, order, parcel, sender, format: "PNG" });
    requireRates(shipment);
    return toRates(shipment);
  }

  async prepare(purchase: Purchase): Promise<PreparedChoice> {
    const { order, parcel, sender, label_format: format } = purchase;
    // The shipment of a rate, or of an earlier attempt: EasyPost sells its label once.
    const shipment = purchase.carrier_shipment_id === null
      ? await this.#create({ reference: purchase.id, order, parcel, sender, format })
      : await this.#read(purchase.carrier_shipment_id);
    const rate = chooseRate(shipment, purchase);
    return {
      service: serviceIdOf(rate),
      carrier: rate.carrier,
      carrier_shipment_id: shipment.id,
      carrier_rate_id: rate.id,
      quoted_cost: exactCents(rate.rate) ?? null,
      currency: rate.currency,
    };
  }

  async buy(purchase: Purchase, choice: Choice): Promise<BoughtLabel> {
    const shipment = await this.#client.buyShipment(
      choice.carrier_shipment_id as string,
      choice.carrier_rate_id as string,
    ).catch((error) => {
      throw toPurchaseError(error);
    });
    const label = toBoughtLabel(shipment, purchase.label_format);
    if (label === undefined) throw new LabelError("outcome_unknown", { bought: "unknown" });
    return label;
  }

  async find(purchase: Purchase): Promise<BoughtLabel | undefined> {
    const { id, carrier_shipment_id, label_format } = purchase;
    try {
      return toBoughtLabel(await this.#client.getShipment(carrier_shipment_id ?? id), label_format);
    } catch (error) {
      const isUnknown = error instanceof EasyPostError && error.status === 404 && error.code !== "";
      if (!isUnknown) throw toLabelError(error);
      // Without an EasyPost id the shipment was never made. With one, it is in another account,
      // and its label may have been bought there.
      if (carrier_shipment_id === null) return undefined;
      throw new LabelError("carrier_unavailable", { cause: error });
    }
  }

  async label(purchase: Purchase): Promise<LabelDocument> {
    const id = purchase.carrier_shipment_id as string;
    const wanted = purchase.label_format;
    const present = toLabelDocument(await this.#read(id), wanted);
    const isConvertible = present.label_format === "PNG" && wanted !== "PNG";
    const label = isConvertible ? await this.#convert(id, wanted) : present;
    const { label_url, ...rest } = label;
    if (label_url === null) throw new LabelError("label_not_ready");
    return { label_url, ...rest };
  }

  async void(purchase: Purchase): Promise<VoidDecision> {
    const id = purchase.carrier_shipment_id as string;
    let shipment = await this.#read(id);
    // EasyPost advises to request the refund again after an early rejection.
    if (!shipment.refund_status || shipment.refund_status === "rejected") {
      shipment = await this.#refund(id);
    }
    switch (shipment.refund_status) {
      case "refunded":
        return { state: "voided", reason: null };
      // The carrier bills scanned labels: an unused one costs nothing.
      case "not_applicable":
        return { state: "voided", reason: "billed_when_scanned" };
      case "rejected":
        return { state: "void_rejected", reason: "void_refused" };
      default:
        return { state: "void_requested", reason: null };
    }
  }

  async track(purchase: Purchase): Promise<TrackingUpdate> {
    const { tracker } = await this.#read(purchase.carrier_shipment_id as string);
    return toTrackingUpdate(tracker ?? {});
  }

  /** EasyPost converts only PNG. A refusal may only mean that the label was converted a moment before. */
  async #convert(id: string, wanted: "PDF" | "ZPL") {
    try {
      return toLabelDocument(await this.#client.convertLabel(id, wanted), wanted);
    } catch (error) {
      const failure = toLabelError(error);
      if (failure.code !== "carrier_refused") throw failure;
      const label = toLabelDocument(await this.#read(id), wanted);
      if (label.label_format !== wanted) throw failure;
      return label;
    }
  }

  /** A refusal may only mean that the refund was requested a moment before. */
  async #refund(id: string): Promise<Shipment> {
    try {
      return await this.#client.refundShipment(id);
    } catch (error) {
      const failure = toLabelError(error);
      if (failure.code !== "carrier_refused") throw failure;
      const shipment = await this.#read(id);
      if (!shipment.refund_status) throw failure;
      return shipment;
    }
  }

  async #read(id: string): Promise<Shipment> {
    return await this.#client.getShipment(id).catch((error) => {
      throw toLabelError(error);
    });
  }

  async #create(
    { reference, order, parcel, sender, format }: ShipmentRequest,
  ): Promise<Shipment> {
    if (sender === null) throw new LabelError("sender_required");
    const shipment: NewShipment = {
      reference,
      to_address: recipientForEasyPost(order.shipping_address),
      from_address: senderForEasyPost(sender),
      parcel: toInchesAndOunces(parcel),
      options: { label_format: format },
    };
    return await this.#client.createShipment(shipment).catch((error) => {
      throw toLabelError(error);
    });
  }
}
