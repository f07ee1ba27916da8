/** A stack that a runbook may stop and start again, also over another database. */
import postgres from "postgres";
import { allSimulators } from "../../local/stack/start_simulators.ts";
import { type Stack, startStack } from "../../local/stack/stack.ts";
import { HOST_CONFIG } from "./function_config.ts";
import { startTestStack, type TestStack } from "./stack.ts";
import { openApiObserver } from "./tiktok_openapi/watch_calls.ts";

export interface RestartableStack extends TestStack {
  /** What Ctrl-C and `task start` with these variables do: simulators and database keep their data. */
  restart(given?: Record<string, string>, port?: number): Promise<void>;
}

function portOf(stack: Stack): number {
  return Number(new URL(stack.env.SUPABASE_URL).port);
}

/** The stack makes roles, as a superuser. */
function asAdmin(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.delete("role");
  return url.href;
}

/** Later starts change this object, so that helpers always have the stack that runs. */
export async function startRestartableStack(): Promise<RestartableStack> {
  const stack = await startTestStack();
  let database = stack.database.adminUrl;
  const { data } = stack;
  const moveTo = async (adminUrl: string) => {
    if (running.sql !== stack.sql) await running.sql.end();
    database = adminUrl;
    running.sql = postgres(adminUrl, { max: 4, onnotice: () => {} });
  };
  const running: RestartableStack = {
    ...stack,
    async restart(given = {}, port = portOf(running)) {
      for (const { simulator } of allSimulators(running)) simulator.faults.close();
      await running.stop();
      const next = await startStack({
        ...{ port, dbPort: 0, data, schedule: false, loadFunctions: "first_request" },
        ...{ isDatabasePrepared: true, confirmEmail: false, configPath: HOST_CONFIG },
        ...{ tiktokObserver: openApiObserver, tiktokAutoSend: false },
        environment: { ...given, SUPABASE_DB_URL: asAdmin(given.SUPABASE_DB_URL ?? database) },
      });
      const { adminUrl } = next.database;
      if (adminUrl !== database) await moveTo(adminUrl);
      Object.assign(running, next);
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      if (running.sql !== stack.sql) await running.sql.end();
      await stack[Symbol.asyncDispose]();
    },
  };
  return running;
}
