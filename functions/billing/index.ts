/** Called by sellers with their access token: prices of the plans, and the way to Stripe's pages. */
import { createBillingDependencies } from "../../shared/billing/dependencies.ts";
import { beginPortal } from "../../shared/billing/portal.ts";
import { readAppUrl, readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { limitRequests } from "../../shared/http/request_limits.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { log } from "../../shared/log.ts";
import { createOnFirstUse } from "../../shared/values/create_on_first_use.ts";
import type { CheckoutAnswer, PortalAnswer, PricesAnswer } from "./answers.ts";
import { CheckoutBody, PortalBody } from "./bodies.ts";
import { toProblem } from "./problems.ts";

const supabase = readSupabaseConfig();
const database = createServiceClient(supabase);
const dependencies = { ...createBillingDependencies(database), appUrl: readAppUrl() };
const priceReader = createOnFirstUse(async () => {
  const { planPriceReader } = await import("../../shared/billing/plan_prices.ts");
  return planPriceReader(dependencies);
});

const app = createApp("billing", {
  callers: signedInUsers(supabase),
  limits: limitRequests(database, ["POST /billing/checkout", "POST /billing/portal"]),
  toProblem,
});

app.get("/prices", async (c) => {
  const readPrices = await priceReader();
  return c.json({ prices: await readPrices() } satisfies PricesAnswer);
});

app.post("/checkout", async (c) => {
  const { plan } = await readJson(c.req.raw, CheckoutBody);
  const { beginCheckout } = await import("../../shared/billing/checkout.ts");
  const { url, kind } = await beginCheckout(dependencies, c.var.user.id, plan);
  log.info("checkout opened", { user_id: c.var.user.id, plan, kind });
  return c.json({ url, kind } satisfies CheckoutAnswer);
});

app.post("/portal", async (c) => {
  await readJson(c.req.raw, PortalBody);
  const page: PortalAnswer = await beginPortal(dependencies, c.var.user.id);
  return c.json(page);
});

export default app;
