/** REST, Auth and the gateway: from this step on the public port passes requests on. */
import { join } from "node:path";
import { operatorPath } from "../console/api/app.ts";
import { startConsoleApi } from "../console/api/start_api.ts";
import { createConsole, createNotFoundPage } from "../console/serve_console.ts";
import type { FunctionProcess } from "../functions/process.ts";
import { createGateway } from "../gateway/gateway.ts";
import { observeAnswers, observeFunctions } from "../gateway/observe.ts";
import { Mailbox } from "../mail/mailbox.ts";
import { readAuthConfig } from "../supabase/auth_config.ts";
import { createRealtime } from "../realtime/realtime.ts";
import type { DatabaseAccess } from "../supabase/bootstrap.ts";
import { type ApiApp, createAuthApp, createRestApp } from "../supabase/rest_and_auth.ts";
import { listenForReload } from "../supabase/schema_reload.ts";
import type { StackEnvironment } from "./environment.ts";
import type { OpenPort } from "./ports.ts";
import type { Resources } from "./resources.ts";
import type { StackSettings } from "./settings.ts";
import { allSimulators, type RunningSimulators } from "./start_simulators.ts";

interface Parts {
  access: DatabaseAccess;
  env: StackEnvironment;
  publicPort: OpenPort;
  settings: StackSettings;
  functions: FunctionProcess;
  simulators: RunningSimulators;
}

export interface Served {
  /** Path, with a token that works once, that opens the operator's pages. */
  operatorPath: string;
}

export async function serve(parts: Parts, resources: Resources): Promise<Served> {
  const { access, env, publicPort, settings, functions, simulators } = parts;
  const keys = {
    jwtSecret: env.SUPABASE_JWT_SECRET,
    publishableKey: env.SUPABASE_PUBLISHABLE_KEY,
    secretKey: env.SUPABASE_SECRET_KEY,
  };
  const rest = createRestApp(access.restUrl, keys, settings.schemaCache);
  const mailbox = new Mailbox({
    folder: join(settings.data, "mails"),
    siteUrl: env.APP_URL,
    apiUrl: env.SUPABASE_URL,
    onMail: settings.onMail ?? (() => {}),
  });
  const config = await readAuthConfig();
  config.email.enable_confirmations &&= settings.confirmEmail ?? true;
  const auth = createAuthApp(access.authUrl, keys, {
    config,
    siteUrl: env.APP_URL,
    mails: mailbox,
  }, settings.schemaCache);
  resources.defer(() => Promise.all([rest.close(), auth.close()]));
  await warmUp(rest, auth);
  const listener = await listenForReload(access.restUrl, () => rest.reloadSchema());
  resources.defer(() => listener.stop());
  const realtime = createRealtime({
    adminUrl: access.adminUrl,
    userUrl: access.restUrl,
    jwtCheck: keys,
    onWarning: settings.onWarning ?? (() => {}),
  });
  const api = startConsoleApi(
    { env, databaseUrl: access.url, data: settings.data, functions, simulators },
    resources,
  );
  const consoleOptions = {
    apiUrl: env.SUPABASE_URL,
    publishableKey: env.SUPABASE_PUBLISHABLE_KEY,
    // At each request.
    get turnedMonths() {
      return api.turnedMonths.count();
    },
  };
  const gateway = createGateway({
    rest: rest.fetch,
    auth: auth.fetch,
    functions: api.meter.observe(observeFunctions(
      (request) => functions.fetch(request),
      settings.functionObserver,
    )),
    realtime: realtime.fetch,
    mailbox: (request) => mailbox.list(request),
    consoleApi: api.fetch,
    console: createConsole(consoleOptions),
    notFoundPage: createNotFoundPage(consoleOptions),
    // At each request: a reload may bring other functions.
    get functionConfig() {
      return functions.config();
    },
    jwtCheck: keys,
    allowedHosts: settings.allowedHosts ?? [],
    // By name at each request: a simulator may be replaced.
    simulators: Object.fromEntries(
      allSimulators(simulators.current).map(({ name, simulator }) => [
        name,
        (request) => (simulators.current[name] ?? simulator).fetch(request),
      ]),
    ),
  });
  publicPort.serve(observeAnswers(gateway, settings.onRequest));
  resources.defer(() => publicPort.close());
  // Before the port closes, which would wait for its clients.
  resources.defer(() => realtime.stop());
  // Before REST ends: background work of the functions needs it.
  resources.defer(() => functions.stop());
  // Before the functions end: calls that hang would delay them.
  resources.defer(() => {
    for (const { simulator } of allSimulators(simulators.current)) simulator.faults.close();
  });
  return { operatorPath: operatorPath(api.sessions.issueLink()) };
}

/** First requests prepare the library; several at once would disturb each other. */
async function warmUp(rest: ApiApp, auth: ApiApp): Promise<void> {
  await rest.warmUp("/rest/v1/rpc/oldest_open_event_seconds", {});
  const credentials = { email: "unknown@localhost", password: "unknown" };
  await auth.warmUp("/auth/v1/token?grant_type=password", credentials);
}
