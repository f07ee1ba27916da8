/** Called by orchestrators with a secret key: answers questions about the schema, reading only. */
import { readSupabaseConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { restCatalog } from "../../shared/database_tasks/catalog.ts";
import { runTask } from "../../shared/database_tasks/run_task.ts";
import { createApp } from "../../shared/http/app.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { secretKeys } from "../../shared/http/secret_keys.ts";
import { MAX_TASK_BYTES, TaskBody } from "./bodies.ts";
import { toProblem } from "./problems.ts";

const config = readSupabaseConfig();
const catalog = restCatalog(createServiceClient(config));

const app = createApp("database-tasks", { callers: secretKeys(config.secretKeys), toProblem });

app.post("/", async (c) => {
  const task = await readJson(c.req.raw, TaskBody, MAX_TASK_BYTES);
  const result = await runTask(task, catalog);
  return c.json(result, result.success ? 200 : 422);
});

export default app;
