/** Called by sellers with their access token: deletes their account. */
import { deleteAccount } from "../../shared/accounts/delete_account.ts";
import { createBillingDependencies } from "../../shared/billing/dependencies.ts";
import { readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { log } from "../../shared/log.ts";
import { createTikTokDependencies } from "../../shared/tiktok/dependencies.ts";
import { DeleteBody } from "./bodies.ts";
import { toProblem } from "./problems.ts";

const database = createServiceClient(readSupabaseConfig());
const { tiktok } = createTikTokDependencies(database);
const dependencies = { ...createBillingDependencies(database), tiktok };

const app = createApp("account", { callers: signedInUsers(database), toProblem });

app.delete("/", async (c) => {
  const { email } = await readJson(c.req.raw, DeleteBody);
  const { unsubscribe } = await deleteAccount(dependencies, c.var.user.id, email);
  log.info("account deleted", { request_id: c.var.requestId, user_id: c.var.user.id });
  runInBackground(unsubscribe());
  return c.body(null, 204);
});

export default app;
