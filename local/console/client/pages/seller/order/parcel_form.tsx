/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** Size and weight of the parcel, and once for each shop the address that it comes from. */
import { useEffect } from "hono/jsx/dom";
import { useState } from "../../../hooks.ts";
import { Field, Form } from "../../../components/field.tsx";
import type { LabelRequest, Parcel, Sender } from "../../../data/labels.ts";
import type { Order } from "../../../data/order.ts";
import { describeError } from "../../../errors.ts";
import type { FieldErrors } from "../../../field_errors.ts";
import { showToast } from "../../../components/toast.tsx";

/** A small box, and an address to begin with: this stack sends nothing anywhere. */
const METRIC = { length: "25", width: "18", height: "8", weight: "400" };
const IMPERIAL = { length: "10", width: "7", height: "3", weight: "14" };

const MEASURES = ["length", "width", "height", "weight"] as const;
const ADDRESS = ["name", "phone", "line1", "city", "state", "postal_code", "country"];

/** Names of the form's fields. */
export const PARCEL_FIELDS: readonly string[] = [...MEASURES, ...ADDRESS];

const SENDERS: Record<string, Sender> = {
  GB: {
    ...{ name: "Sample sender", phone: "+442079460000", line1: "1 High Street", city: "Leeds" },
    ...{ postal_code: "LS1 4AP", country: "GB" },
  },
  US: {
    ...{ name: "Sample sender", phone: "5035550100", line1: "417 Montgomery St" },
    ...{ city: "San Francisco", state: "CA", postal_code: "94104", country: "US" },
  },
};

function senderOf(region: string | null): Sender {
  return SENDERS[region ?? "US"] ?? SENDERS.US as Sender;
}

function SenderFields({ sender, errors }: { sender: Sender; errors: FieldErrors }) {
  const field = (label: string, name: keyof Sender, isRequired = true) => (
    <Field
      key={name}
      {...{ label, name, isRequired }}
      value={sender[name] ?? ""}
      error={errors[name]}
    />
  );
  return (
    <fieldset class="group">
      <legend>Sent from</legend>
      <p class="muted small">Asked once for each shop. A sample address is filled in.</p>
      <div class="fields address">
        {field("Name", "name")}
        {field("Phone", "phone")}
        {field("Street", "line1")}
        {field("City", "city")}
        {field("State", "state", false)}
        {field("Postal code", "postal_code")}
        {field("Country", "country")}
      </div>
    </fieldset>
  );
}

function readSender(values: Record<string, string>): Sender {
  const { name = "", phone = "", line1 = "", city = "", postal_code = "", country = "" } = values;
  const sender = { name, phone, line1, city, postal_code, country };
  return values.state ? { ...sender, state: values.state } : sender;
}

export interface ParcelFormProps {
  order: Order;
  /** The request before, whose values stay. */
  before: LabelRequest | null;
  needsSender: boolean;
  /** Errors of the request before, by field. */
  errors: FieldErrors;
  onAsk: (request: LabelRequest) => Promise<void>;
}

export function ParcelForm({ order, before, needsSender, errors, onAsk }: ParcelFormProps) {
  const [isRunning, setRunning] = useState(false);
  const region = order.tiktok_shops.region;
  const isMetric = region !== "US";
  const sizes = before?.parcel ?? (isMetric ? METRIC : IMPERIAL);
  const [side, weight] = isMetric ? ["cm", "g"] as const : ["in", "oz"] as const;
  const ask = async (values: Record<string, string>): Promise<void> => {
    const { length = "", width = "", height = "", weight: heavy = "" } = values;
    const parcel: Parcel = {
      ...{ length, width, height, weight: heavy },
      ...{ dimension_unit: side, weight_unit: weight },
    };
    setRunning(true);
    const request = { order_id: order.id, parcel };
    await onAsk(needsSender ? { ...request, from: readSender(values) } : request)
      .catch((error) => showToast(describeError(error)));
    setRunning(false);
  };
  useEffect(() => {
    document.querySelector<HTMLElement>('.form [aria-invalid="true"]')?.focus();
  }, [JSON.stringify(errors)]);
  const measure = (label: string, unit: string, name: (typeof MEASURES)[number]) => (
    <Field
      key={name}
      label={`${label}, ${unit}`}
      {...{ name, inputmode: "decimal", isRequired: true }}
      value={sizes[name]}
      error={errors[name]}
    />
  );
  return (
    <Form onSubmit={(values) => void ask(values)}>
      <fieldset class="group">
        <legend>Parcel</legend>
        <div class="fields measures">
          {measure("Length", side, "length")}
          {measure("Width", side, "width")}
          {measure("Height", side, "height")}
          {measure("Weight", weight, "weight")}
        </div>
      </fieldset>
      {needsSender && <SenderFields sender={before?.from ?? senderOf(region)} errors={errors} />}
      <div>
        <button class="button" type="submit" aria-disabled={isRunning ? "true" : undefined}>
          {isRunning ? "Asking the carriers…" : "Get rates"}
        </button>
      </div>
    </Form>
  );
}
