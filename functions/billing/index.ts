/** Called by sellers with their access token: sends them to Stripe's checkout and portal. */
import * as z from "zod";
import { beginCheckout, beginPortal } from "../../shared/billing/checkout.ts";
import { createBillingDependencies } from "../../shared/billing/dependencies.ts";
import { PaidPlan } from "../../shared/billing/plans.ts";
import { readAppUrl, readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { log } from "../../shared/log.ts";
import { toProblem } from "./problems.ts";

const database = createServiceClient(readSupabaseConfig());
const dependencies = { ...createBillingDependencies(database), appUrl: readAppUrl() };

const app = createApp("billing", { callers: signedInUsers(database), toProblem });

const CheckoutBody = z.strictObject({
  plan: z.enum(PaidPlan.options, `one of ${PaidPlan.options.join(", ")}`),
});

app.post("/checkout", async (c) => {
  const { plan } = await readJson(c.req.raw, CheckoutBody);
  const { url, kind } = await beginCheckout(dependencies, c.var.user.id, plan);
  const fields = { request_id: c.var.requestId, user_id: c.var.user.id, plan, kind };
  log.info("checkout opened", fields);
  return c.json({ url, kind });
});

app.post("/portal", async (c) => {
  await readJson(c.req.raw, z.strictObject({}));
  return c.json(await beginPortal(dependencies, c.var.user.id));
});

export default app;
