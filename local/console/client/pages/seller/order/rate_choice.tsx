/** @jsxImportSource hono/jsx/dom */
/** Offers of the carriers, cheapest first. */
import { carrierName, serviceName } from "../../../carriers.ts";
import type { Rate } from "../../../data/labels.ts";
import { formatMoney } from "../../../format.ts";

function describeDays({ days_min: min, days_max: max }: Rate): string {
  const days = max ?? min;
  if (days === null) return "";
  const range = min !== null && min !== days ? `${min}–${days}` : `${days}`;
  return `${range} ${range === "1" ? "day" : "days"}`;
}

export interface RateChoiceProps {
  rates: Rate[];
  chosen: string;
  onChoose: (rateId: string) => void;
}

export function RateChoice({ rates, chosen, onChoose }: RateChoiceProps) {
  return (
    <fieldset class="choices">
      <legend class="visually-hidden">Rates</legend>
      {rates.map((rate) => (
        <label key={rate.rate_id} class="choice">
          <input
            type="radio"
            name="rate"
            value={rate.rate_id}
            checked={rate.rate_id === chosen}
            onChange={() => onChoose(rate.rate_id)}
          />
          <span>
            <strong>{carrierName(rate.carrier)}</strong>{" "}
            {serviceName(rate.carrier, rate.service_name)}
            <span class="sub">{describeDays(rate)}</span>
          </span>
          <span class="push number">{formatMoney(rate.price, rate.currency)}</span>
        </label>
      ))}
    </fieldset>
  );
}
