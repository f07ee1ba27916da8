/** Called by sellers with their access token: downloads their rows, and deletes their account. */
import { createAccountDependencies } from "../../shared/accounts/dependencies.ts";
import { ordersCsv, shipmentsCsv } from "../../shared/accounts/lists.ts";
import { readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { createApp } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { downloadResponse } from "../../shared/http/download.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { limitRequests } from "../../shared/http/request_limits.ts";
import { signedInUsers } from "../../shared/http/users.ts";
import { log } from "../../shared/log.ts";
import { DeleteBody, readTimeRange } from "./bodies.ts";
import { toProblem } from "./problems.ts";

const supabase = readSupabaseConfig();
const database = createServiceClient(supabase);
const dependencies = createAccountDependencies(database);

/** supabase-js decodes text/csv, which loses the byte order mark, and application/zip too. This one is a Blob. */
const FILE = "application/octet-stream";

const app = createApp("account", {
  callers: signedInUsers(supabase),
  limits: limitRequests(database, [
    "DELETE /account",
    "GET /account/export",
    "GET /account/orders.csv",
    "GET /account/shipments.csv",
  ]),
  toProblem,
});

app.delete("/", async (c) => {
  const { email } = await readJson(c.req.raw, DeleteBody);
  const { deleteAccount } = await import("../../shared/accounts/delete_account.ts");
  const { unsubscribe } = await deleteAccount(dependencies, c.var.user.id, email);
  log.info("account deleted", { user_id: c.var.user.id });
  runInBackground(unsubscribe());
  return c.body(null, 204);
});

app.get("/orders.csv", async (c) => {
  const content = ordersCsv(database, c.var.user.id, readTimeRange(c.req.raw));
  return await downloadResponse(content, { fileName: "orders.csv", contentType: FILE });
});

app.get("/shipments.csv", async (c) => {
  const content = shipmentsCsv(database, c.var.user.id, readTimeRange(c.req.raw));
  return await downloadResponse(content, {
    fileName: "shipments.csv",
    contentType: FILE,
  });
});

app.get("/export", async (c) => {
  const { exportPart } = await import("../../shared/accounts/export_archive.ts");
  const part = await exportPart(database, c.var.user.id, c.req.query("cursor"));
  const headers = part.nextCursor === null ? {} : { "x-next-cursor": part.nextCursor };
  const fileName = `creatorflow-export-${part.number}.zip`;
  return await downloadResponse(part.archive, { fileName, contentType: FILE, headers });
});

export default app;
