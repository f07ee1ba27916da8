/** Puts the local stack together and takes it apart again. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { EasyPostSimulator } from "../simulators/easypost/simulator.ts";
import { StripeSimulator } from "../simulators/stripe/simulator.ts";
import { TIKTOK_RETRY_DELAYS_MS } from "../simulators/tiktok/webhooks.ts";
import { TikTokSimulator } from "../simulators/tiktok/simulator.ts";
import { functionEnvironment, type StackEnvironment, writeEnvironment } from "./environment.ts";
import { readFunctionConfig } from "../functions/config.ts";
import { startFunctionProcess } from "../functions/process.ts";
import { createGateway } from "../gateway/gateway.ts";
import { loadKeys } from "./keys.ts";
import { lockData } from "./lock.ts";
import { migrate } from "../supabase/migrate.ts";
import type { StackOptions } from "../cli/options.ts";
import { claimPort } from "./ports.ts";
import { bootstrap, type DatabaseAccess } from "../supabase/bootstrap.ts";
import { startEmbedded } from "../postgres/embedded.ts";
import { outsidePostgresUrl, useOutsidePostgres } from "../postgres/outside.ts";
import { createAuthApp, createRestApp } from "../supabase/rest_and_auth.ts";
import { listenForReload } from "../supabase/schema_reload.ts";
import { createScheduler, tickEveryMinute } from "../supabase/scheduler.ts";
import { seedSimulator } from "./sample_shops.ts";

export interface StackSettings extends StackOptions {
  /** Variables that win over what the stack would make. @default {the process's environment} */
  environment?: Partial<Record<string, string>>;
  /** Whether jobs fire by the clock. @default {true} */
  schedule?: boolean;
  /** Of the functions. @default {supabase/config.toml} */
  configPath?: string;
  /** Of the simulator's faults, 0 to 1. @default {Math.random} */
  random?: () => number;
  /** Is told what is being done, before it is done. */
  onProgress?: (message: string) => void;
  /** Is told what went wrong while the stack runs. */
  onWarning?: (message: string) => void;
}

export interface Simulators {
  /** Undefined if an outside party stands in for it. */
  tiktok: TikTokSimulator | undefined;
  /** Undefined if an outside party stands in for it. */
  easypost: EasyPostSimulator | undefined;
  /** Undefined if an outside party stands in for it. */
  stripe: StripeSimulator | undefined;
}

export interface Stack extends Simulators {
  env: StackEnvironment;
  /** Owner's address of the database, for tests that look behind the API. */
  database: DatabaseAccess;
  /** Closes the simulators and starts new ones, which remember nothing. */
  replaceSimulators(): Promise<Simulators>;
  functionHostPid(): number;
  /** Calls a function past the gateway, for tests that call it very often. */
  callFunction(request: Request): Promise<Response>;
  /** Stops everything that this stack started; data stays. */
  stop(): Promise<void>;
}

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

const SIMULATORS = ["tiktok", "easypost", "stripe"] as const;

type Simulator = TikTokSimulator | EasyPostSimulator | StripeSimulator;

function allSimulators(simulators: Simulators): Simulator[] {
  return SIMULATORS.map((name) => simulators[name]).filter((one) => one !== undefined);
}

const SHUTDOWN_MS = 3000;

async function storeScheduleSecrets(access: DatabaseAccess, env: StackEnvironment): Promise<void> {
  const sql = postgres(access.adminUrl, { max: 1, onnotice: () => {} });
  try {
    const secrets = { project_url: env.SUPABASE_URL, secret_key: env.SUPABASE_SECRET_KEY };
    for (const [name, secret] of Object.entries(secrets)) {
      const [stored] = await sql`select id from vault.secrets where name = ${name}`;
      if (stored) await sql`select vault.update_secret(${stored.id}, ${secret})`;
      else await sql`select vault.create_secret(${secret}, ${name})`;
    }
  } finally {
    await sql.end();
  }
}

/** @throws {Error} whose message is meant for the person who started it; nothing is left running. */
export async function startStack(settings: StackSettings): Promise<Stack> {
  const outside = settings.environment ?? Deno.env.toObject();
  const progress = settings.onProgress ?? (() => {});
  const warn = settings.onWarning ?? (() => {});
  // Undone in reverse, on failure and on stop.
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        warn(`While stopping: ${(error as Error).message}`);
      }
    }
  };

  try {
    await Deno.mkdir(join(settings.data, "logs"), { recursive: true });
    const lock = await lockData(settings.data);
    undo.push(() => lock[Symbol.dispose]());
    const port = claimPort(settings.port, "--port");
    const keys = await loadKeys(settings.data);

    progress("Postgres");
    const outsideUrl = outsidePostgresUrl(outside.SUPABASE_DB_URL, keys.databasePassword);
    let access: DatabaseAccess;
    if (outsideUrl !== undefined) {
      access = await useOutsidePostgres(outsideUrl);
    } else {
      const embedded = await startEmbedded({
        data: settings.data,
        port: settings.dbPort,
        adminPassword: keys.databaseAdminPassword,
        password: keys.databasePassword,
        onCrash: warn,
      });
      undo.push(() => embedded.stop());
      access = embedded.access;
    }

    const url = `http://127.0.0.1:${port}`;
    const simulatorUrl = `${url}/simulators/tiktok`;
    const easypostUrl = `${url}/simulators/easypost`;
    const stripeUrl = `${url}/simulators/stripe`;
    // Empty: the functions take TikTok's own page.
    const authorizeUrl = outside.TIKTOK_AUTH_URL ? "" : `${simulatorUrl}/open/authorize`;
    const env: StackEnvironment = {
      SUPABASE_URL: url,
      SUPABASE_PUBLISHABLE_KEY: outside.SUPABASE_PUBLISHABLE_KEY || keys.publishableKey,
      SUPABASE_SECRET_KEY: outside.SUPABASE_SECRET_KEY || keys.secretKey,
      SUPABASE_DB_URL: access.url,
      SUPABASE_JWT_SECRET: outside.SUPABASE_JWT_SECRET || keys.jwtSecret,
      TIKTOK_APP_KEY: outside.TIKTOK_APP_KEY || keys.tiktokAppKey,
      TIKTOK_APP_SECRET: outside.TIKTOK_APP_SECRET || keys.tiktokAppSecret,
      TIKTOK_API_URL: outside.TIKTOK_API_URL || simulatorUrl,
      TIKTOK_AUTH_URL: outside.TIKTOK_AUTH_URL || simulatorUrl,
      TIKTOK_SERVICE_ID: outside.TIKTOK_SERVICE_ID || keys.tiktokServiceId,
      TIKTOK_AUTHORIZE_URL: outside.TIKTOK_AUTHORIZE_URL || authorizeUrl,
      TIKTOK_AUTHORIZE_URL_US: outside.TIKTOK_AUTHORIZE_URL_US || outside.TIKTOK_AUTHORIZE_URL ||
        authorizeUrl,
      APP_URL: outside.APP_URL || `${url}/app`,
      EASYPOST_API_KEY: outside.EASYPOST_API_KEY || keys.easypostApiKey,
      EASYPOST_API_URL: outside.EASYPOST_API_URL || `${easypostUrl}/v2`,
      EASYPOST_WEBHOOK_SECRET: outside.EASYPOST_WEBHOOK_SECRET || keys.easypostWebhookSecret,
      STRIPE_SECRET_KEY: outside.STRIPE_SECRET_KEY || keys.stripeSecretKey,
      STRIPE_API_URL: outside.STRIPE_API_URL || stripeUrl,
      STRIPE_WEBHOOK_SECRET: outside.STRIPE_WEBHOOK_SECRET || keys.stripeWebhookSecret,
      STRIPE_PRICE_STARTER: outside.STRIPE_PRICE_STARTER || "price_starter",
      STRIPE_PRICE_GROWTH: outside.STRIPE_PRICE_GROWTH || "price_growth",
      STRIPE_PRICE_SCALE: outside.STRIPE_PRICE_SCALE || "price_scale",
      ENCRYPTION_KEYS: outside.ENCRYPTION_KEYS || keys.encryptionKeys,
    };

    // Loading the functions takes as long as preparing the database: do both at once.
    const configPath = settings.configPath ?? CONFIG;
    const functionConfig = await readFunctionConfig(configPath);
    const starting = startFunctionProcess({
      configPath,
      env: functionEnvironment(env),
      logFile: join(settings.data, "logs", "functions.log"),
      pidFile: join(settings.data, "function-host.pid"),
      onCrash: warn,
    });
    // It may fail long before it is awaited.
    starting.catch(() => {});
    undo.push(() => starting.then((process) => process.stop(), () => {}));

    progress("roles, Auth and stand-ins");
    await bootstrap(access, outsideUrl === undefined ? keys.databasePassword : undefined);
    progress("migrations (the first time npm fetches the Supabase CLI)");
    await migrate(access.url);
    await storeScheduleSecrets(access, env);

    progress("functions");
    const functions = await starting;

    const makeSimulators = (): Simulators => {
      const random = settings.random && { random: settings.random };
      const simulated = [env.TIKTOK_API_URL, env.TIKTOK_AUTH_URL].includes(simulatorUrl);
      const tiktok = simulated
        ? new TikTokSimulator({
          appKey: env.TIKTOK_APP_KEY,
          appSecret: env.TIKTOK_APP_SECRET,
          serviceId: env.TIKTOK_SERVICE_ID,
          publicUrl: simulatorUrl,
          redirectUrl: `${url}/functions/v1/tiktok-oauth/callback`,
          webhookUrl: `${url}/functions/v1/tiktok-webhooks`,
          journalPath: join(settings.data, "tiktok-simulator.jsonl"),
          retryDelaysMs: TIKTOK_RETRY_DELAYS_MS,
          ...random,
        })
        : undefined;
      if (tiktok) seedSimulator(tiktok);
      const easypost = outside.EASYPOST_API_URL ? undefined : new EasyPostSimulator({
        apiKey: env.EASYPOST_API_KEY,
        webhookSecret: env.EASYPOST_WEBHOOK_SECRET,
        webhookUrl: `${url}/functions/v1/carrier-webhooks`,
        publicUrl: easypostUrl,
        journalPath: join(settings.data, "easypost-simulator.jsonl"),
        ...random,
      });
      const stripe = outside.STRIPE_API_URL ? undefined : new StripeSimulator({
        secretKey: env.STRIPE_SECRET_KEY,
        // While it is being changed there are two.
        webhookSecret: env.STRIPE_WEBHOOK_SECRET.split(",")[0] as string,
        webhookUrl: `${url}/functions/v1/stripe-webhooks`,
        publicUrl: stripeUrl,
        journalPath: join(settings.data, "stripe-simulator.jsonl"),
        prices: {
          starter: env.STRIPE_PRICE_STARTER,
          growth: env.STRIPE_PRICE_GROWTH,
          scale: env.STRIPE_PRICE_SCALE,
        },
        ...random,
      });
      return { tiktok, easypost, stripe };
    };
    let simulators = makeSimulators();
    const closeSimulators = () => allSimulators(simulators).forEach((one) => one.close());
    undo.push(closeSimulators);

    const apiKeys = {
      jwtSecret: env.SUPABASE_JWT_SECRET,
      publishableKey: env.SUPABASE_PUBLISHABLE_KEY,
      secretKey: env.SUPABASE_SECRET_KEY,
    };
    const rest = createRestApp(access.restUrl, apiKeys);
    const auth = createAuthApp(access.authUrl, apiKeys);
    undo.push(() => Promise.all([rest.close(), auth.close()]));
    await rest.warmUp("/rest/v1/rpc/oldest_open_event_seconds", {});
    const nobody = { email: "nobody@localhost", password: "nobody" };
    await auth.warmUp("/auth/v1/token?grant_type=password", nobody);
    const listener = await listenForReload(access.restUrl, () => rest.reloadSchema());
    undo.push(() => listener.stop());
    const server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      createGateway({
        rest: rest.fetch,
        auth: auth.fetch,
        functions: functions.fetch,
        functionConfig,
        jwtCheck: apiKeys,
        simulators: Object.fromEntries(
          SIMULATORS.filter((name) => simulators[name])
            .map((name) => [name, (request) => (simulators[name] as Simulator).fetch(request)]),
        ),
      }),
    );
    undo.push(() => shutDown(server));
    // Before REST goes: what the functions still do in the background needs it.
    undo.push(() => functions.stop());
    undo.push(() => allSimulators(simulators).forEach((one) => one.faults.close()));

    if (settings.schedule ?? true) {
      const scheduler = createScheduler(access.adminUrl);
      const stopping = new AbortController();
      undo.push(() => scheduler.stop());
      undo.push(() => stopping.abort());
      tickEveryMinute(scheduler, stopping.signal, (error) => {
        warn(`The scheduler's minute failed: ${(error as Error).message}`);
      });
    }
    await writeEnvironment(settings.data, env);
    return {
      env,
      database: access,
      ...simulators,
      async replaceSimulators() {
        closeSimulators();
        for (const name of SIMULATORS) {
          await Deno.remove(join(settings.data, `${name}-simulator.jsonl`)).catch(() => {});
        }
        return simulators = makeSimulators();
      },
      functionHostPid: () => functions.pid(),
      callFunction: (request) => functions.fetch(request),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Lets requests end, but not forever: a client may never let go. */
async function shutDown(server: Deno.HttpServer): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const giveUp = new Promise<void>((resolve) => timer = setTimeout(resolve, SHUTDOWN_MS));
  await Promise.race([server.shutdown(), giveUp]);
  clearTimeout(timer);
}
