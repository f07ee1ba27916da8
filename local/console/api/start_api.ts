/** The console's API over a running stack. */
import { join } from "node:path";
import type { FunctionProcess } from "../../functions/process.ts";
import { taskLine } from "../../cli/data_folder.ts";
import { createPool } from "../../postgres/pool.ts";
import { SEED_PASSWORD, SEEDED_SELLERS } from "../../seed/sellers.ts";
import type { StackEnvironment } from "../../stack/environment.ts";
import type { Resources } from "../../stack/resources.ts";
import type { RunningSimulators } from "../../stack/start_simulators.ts";
import { createConsoleApi } from "./app.ts";
import { FunctionMeter } from "./function_meter.ts";
import { sessionFile } from "./kept_sessions.ts";
import { OperatorSessions } from "./operator_sessions.ts";
import { type TurnedMonths, turnedMonthsFile } from "./world.ts";

export interface RunningConsoleApi {
  fetch: (request: Request) => Response | Promise<Response>;
  sessions: OperatorSessions;
  meter: FunctionMeter;
  turnedMonths: TurnedMonths;
}

export interface ApiParts {
  env: StackEnvironment;
  databaseUrl: string;
  /** The stack's data folder. */
  data: string;
  functions: FunctionProcess;
  simulators: RunningSimulators;
}

export function startConsoleApi(parts: ApiParts, resources: Resources): RunningConsoleApi {
  const { env, databaseUrl, data, functions, simulators } = parts;
  const { pool, end } = createPool(databaseUrl, { max: 2, idleTimeoutMillis: 10_000 });
  resources.defer(end);
  const sessions = new OperatorSessions({
    secretKey: env.SUPABASE_SECRET_KEY,
    store: sessionFile(join(data, "operator-sessions.json")),
  });
  const meter = new FunctionMeter();
  const callWithKey = (name: string, method: string) =>
    functions.fetch(
      new Request(`${env.SUPABASE_URL}/functions/v1/${name}`, {
        method,
        headers: { apikey: env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
        ...(method === "POST" && { body: "{}" }),
      }),
    );
  const turnedMonths = turnedMonthsFile(join(data, "turned-months"));
  const app = createConsoleApi({
    ...{ pool, sessions, meter },
    samples: SEEDED_SELLERS.map(({ email, name, about }) => ({ email, name, about })),
    samplePassword: SEED_PASSWORD,
    seedCommand: taskLine("db:seed", data),
    turnedMonths,
    logFile: join(data, "logs", "functions.log"),
    readHealth: () => callWithKey("health", "GET"),
    runWorker: async () => {
      const response = await callWithKey("event-worker", "POST");
      await response.body?.cancel();
    },
    stripe: () => simulators.current.stripe,
  });
  return { fetch: (request) => app.fetch(request), sessions, meter, turnedMonths };
}
