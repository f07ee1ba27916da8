import assert from "node:assert/strict";
import { CONFIG, withStripe } from "../../tests/support/stripe_stand_in.ts";
import { planPriceReader } from "./plan_prices.ts";
import { BillingError } from "./errors.ts";

const MONTHLY = { interval: "month", interval_count: 1 };

function price(
  id: string,
  currency: string,
  unit_amount: number | null,
  recurring: unknown = MONTHLY,
) {
  return { id, object: "price", currency, unit_amount, recurring };
}

const PRICES: Record<string, unknown> = {
  price_starter: price("price_starter", "usd", 2900),
  price_growth: price("price_growth", "jpy", 7900, { interval: "year", interval_count: 2 }),
  price_scale: price("price_scale", "kwd", 5),
};

const priceAt = (path: string) => PRICES[path.split("/").at(-1) ?? ""];

Deno.test("each plan has Stripe's amount in major units of its currency, and its period", async () => {
  await withStripe(({ path }) => priceAt(path), async (stripe) => {
    assert.deepEqual(
      await planPriceReader({ loadStripe: () => Promise.resolve(stripe), config: CONFIG })(),
      [
        { plan: "starter", amount: "29.00", currency: "USD", interval: "month", interval_count: 1 },
        { plan: "growth", amount: "7900", currency: "JPY", interval: "year", interval_count: 2 },
        { plan: "scale", amount: "0.005", currency: "KWD", interval: "month", interval_count: 1 },
      ],
    );
  });
});

Deno.test("a price that depends on the quantity has no amount, one that is paid once no period", async () => {
  const odd = price("price_starter", "eur", null, null);
  await withStripe(({ path }) => path.endsWith("starter") ? odd : priceAt(path), async (stripe) => {
    const [starter] = await planPriceReader({
      loadStripe: () => Promise.resolve(stripe),
      config: CONFIG,
    })();
    assert.deepEqual([starter?.amount, starter?.interval], [null, null]);
  });
});

Deno.test("prices are kept for ten minutes, a failure for five seconds; calls at once share a reading", async () => {
  let time = 0;
  let isBroken = true;
  const answer = ({ path }: { path: string }) =>
    isBroken
      ? Response.json({ error: { type: "invalid_request_error" } }, { status: 404 })
      : priceAt(path);
  await withStripe(answer, async (stripe, requests) => {
    const read = planPriceReader(
      { loadStripe: () => Promise.resolve(stripe), config: CONFIG },
      () => time,
    );
    const failures = await Promise.allSettled([read(), read()]);
    assert.ok(failures.every(({ status }) => status === "rejected"));
    isBroken = false;
    time = 4_999;
    await assert.rejects(read(), BillingError);
    time = 5_000;
    await Promise.all([read(), read()]);
    assert.equal(requests.length, 6);
    time = 604_999;
    await read();
    assert.equal(requests.length, 6);
    time = 605_000;
    await read();
    assert.equal(requests.length, 9);
  });
});
