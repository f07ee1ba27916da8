/** The routes of `shipments`, for the API's document. */
import {
  type FunctionOperations,
  type NamedSchema,
  pickProblems,
} from "../../shared/http/operations.ts";
import { CarriersAnswer, LabelAnswer, RatesAnswer, ShipmentsAnswer } from "./answers.ts";
import {
  Batch,
  BatchRequest,
  Carrier,
  ID,
  IDEMPOTENCY_KEY,
  LabelRequest,
  LINK_FIELDS,
  ORDER_QUERY,
  OwnTrackingRequest,
  Rate,
  RatesRequest,
  Shipment,
  TrackingRequest,
} from "./document.ts";
import { REQUEST_PROBLEMS } from "./parameters.ts";
import { PROBLEMS } from "./problems.ts";

/** Codes of an order, a parcel, a shop and the carrier: of every route that calls one of them. */
const { shipment_not_found, batch_not_found, ...ORDER_PROBLEMS } = PROBLEMS;
const { order_not_found, ...CARRIER_PROBLEMS } = ORDER_PROBLEMS;

const { order_id_required, ...KEY_PROBLEMS } = REQUEST_PROBLEMS;

const RATES: NamedSchema = {
  id: "RatesAnswer",
  schema: RatesAnswer,
  description: "The rates.",
  fields: { rates: "The cheapest first." },
  parts: [Rate],
  example: { rates: [Rate.example] },
};

const SHIPMENTS: NamedSchema = {
  id: "ShipmentsAnswer",
  schema: ShipmentsAnswer,
  description: "The shipments.",
  fields: { shipments: "The oldest first, failed ones too." },
  parts: [Shipment],
  example: { shipments: [Shipment.example] },
};

const CARRIERS: NamedSchema = {
  id: "CarriersAnswer",
  schema: CarriersAnswer,
  description: "The carriers.",
  fields: { carriers: "Without those that a rule of the market refuses." },
  parts: [Carrier],
  example: { carriers: [Carrier.example] },
};

const LINK: NamedSchema = {
  id: "LabelLink",
  schema: LabelAnswer,
  description: "A link that opens now.",
  fields: LINK_FIELDS,
  example: {
    ...{ label_url: "https://labels.example/1.pdf", label_format: "PDF" },
    ...{ label_expires_at: null, tracking_number: "1Z999AA10123456784" },
  },
};

export const operations: FunctionOperations = {
  description: "Shipping labels and tracking numbers. docs/labels.md, docs/own-tracking.md.",
  operations: [
    {
      id: "getRates",
      method: "post",
      path: "/rates",
      caller: "user",
      summary: "Prices of labels for an order",
      isLimited: true,
      body: RatesRequest,
      answers: { 200: { description: "The prices.", body: RATES } },
      problems: ORDER_PROBLEMS,
    },
    {
      id: "buyLabel",
      method: "post",
      path: "/",
      caller: "user",
      summary: "Buys a label, at most once for an Idempotency-Key",
      description: "Nothing was bought, unless the code is outcome_unknown, purchase_in_progress " +
        "or internal_error: then a label may have been bought.",
      parameters: [IDEMPOTENCY_KEY],
      body: LabelRequest,
      isLimited: true,
      answers: {
        200: { description: "Bought before with this key.", body: Shipment },
        201: { description: "Just bought.", body: Shipment },
      },
      problems: { ...KEY_PROBLEMS, ...ORDER_PROBLEMS },
    },
    {
      id: "listShipments",
      method: "get",
      path: "/",
      caller: "user",
      summary: "Every label that was requested for an order",
      parameters: [ORDER_QUERY],
      answers: { 200: { description: "The shipments.", body: SHIPMENTS } },
      problems: { order_id_required, order_not_found },
    },
    {
      id: "addOwnTracking",
      method: "post",
      path: "/own",
      caller: "user",
      summary: "Ships an order with a tracking number from elsewhere",
      parameters: [IDEMPOTENCY_KEY],
      body: OwnTrackingRequest,
      isLimited: true,
      answers: {
        200: { description: "Stored before with this key.", body: Shipment },
        201: { description: "Just stored.", body: Shipment },
      },
      problems: { ...KEY_PROBLEMS, ...ORDER_PROBLEMS },
    },
    {
      id: "listCarriers",
      method: "get",
      path: "/carriers",
      caller: "user",
      summary: "Carriers that an own tracking number of an order may name",
      parameters: [ORDER_QUERY],
      isLimited: true,
      answers: { 200: { description: "The carriers.", body: CARRIERS } },
      problems: { order_id_required, ...ORDER_PROBLEMS },
    },
    {
      id: "buyBatch",
      method: "post",
      path: "/batch",
      caller: "user",
      summary: "Buys up to 100 labels, one by one after the answer",
      parameters: [IDEMPOTENCY_KEY],
      body: BatchRequest,
      isLimited: true,
      answers: {
        200: { description: "Sent before with this key.", body: Batch },
        202: { description: "Accepted.", body: Batch },
      },
      problems: {
        ...KEY_PROBLEMS,
        ...pickProblems(PROBLEMS, "idempotency_key_reused"),
      },
    },
    {
      id: "getBatch",
      method: "get",
      path: "/batch/{id}",
      caller: "user",
      summary: "The state of a batch",
      parameters: [ID],
      answers: { 200: { description: "The batch.", body: Batch } },
      problems: { batch_not_found },
    },
    {
      id: "getShipment",
      method: "get",
      path: "/{id}",
      caller: "user",
      summary: "A shipment; its purchase may have failed or be unknown",
      parameters: [ID],
      answers: { 200: { description: "The shipment.", body: Shipment } },
      problems: { shipment_not_found },
    },
    {
      id: "getLabel",
      method: "get",
      path: "/{id}/label",
      caller: "user",
      summary: "A link to the label that opens now",
      parameters: [ID],
      isLimited: true,
      answers: { 200: { description: "The link.", body: LINK } },
      problems: { shipment_not_found, ...CARRIER_PROBLEMS },
    },
    {
      id: "voidLabel",
      method: "post",
      path: "/{id}/void",
      caller: "user",
      summary: "Voids a label",
      parameters: [ID],
      isLimited: true,
      answers: { 200: { description: "voided, or void_requested.", body: Shipment } },
      problems: { shipment_not_found, ...CARRIER_PROBLEMS },
    },
    {
      id: "correctTracking",
      method: "post",
      path: "/{id}/tracking",
      caller: "user",
      summary: "Corrects an own tracking number",
      parameters: [ID],
      body: TrackingRequest,
      isLimited: true,
      answers: { 200: { description: "The shipment.", body: Shipment } },
      problems: { shipment_not_found, ...CARRIER_PROBLEMS },
    },
  ],
};
