/** Called by sellers with their access token: the ways to Stripe's checkout and portal. */
import * as z from "zod";
import { BillingError, createStripe } from "../../shared/billing/stripe.ts";
import { beginCheckout, beginPortal } from "../../shared/billing/checkout.ts";
import { PaidPlan } from "../../shared/billing/plans.ts";
import {
  readAppUrl,
  readEncryptionKeys,
  readStripeConfig,
  readSupabaseConfig,
} from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { DatabaseError } from "../../shared/database/result.ts";
import { allowBrowsers, createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { Problem } from "../../shared/http/problem.ts";
import { requireUser } from "../../shared/http/user.ts";
import { log } from "../../shared/log.ts";

const config = readStripeConfig();
const database = createServiceClient(readSupabaseConfig());
const dependencies = {
  database,
  stripe: createStripe(config),
  config,
  keys: await readEncryptionKeys(),
  appUrl: readAppUrl(),
};

const app = createApp("billing");
app.use("*", allowBrowsers);

function billingProblem(error: unknown): never {
  if (error instanceof DatabaseError && error.code === "PT404") {
    throw new Problem({ status: 401, code: "account_gone", detail: "This account was deleted." });
  }
  if (!(error instanceof BillingError)) throw error;
  throw new Problem({
    status: 502,
    code: "stripe_unavailable",
    detail: "Stripe did not answer as it should. Nothing was bought; please try again.",
  }, { cause: error });
}

const CheckoutBody = z.strictObject({
  plan: z.enum(PaidPlan.options, `one of ${PaidPlan.options.join(", ")}`),
});

app.post("/checkout", async (c) => {
  const user = await requireUser(c.req.raw, database);
  const { plan } = await readJson(c.req.raw, CheckoutBody);
  const { url, kind } = await beginCheckout(dependencies, user.id, plan).catch(billingProblem);
  log.info("checkout begun", { request_id: c.var.requestId, user_id: user.id, plan, kind });
  return c.json({ url, kind });
});
app.all("/checkout", methodNotAllowed("POST"));

app.post("/portal", async (c) => {
  const user = await requireUser(c.req.raw, database);
  await readJson(c.req.raw, z.strictObject({}));
  return c.json(await beginPortal(dependencies, user.id).catch(billingProblem));
});
app.all("/portal", methodNotAllowed("POST"));

export default { fetch: app.fetch };
