/** The simulators of TikTok, EasyPost and Stripe, each unless an outside address is set. */
import { join } from "node:path";
import { EasyPostSimulator } from "../simulators/easypost/simulator.ts";
import { StripeSimulator } from "../simulators/stripe/simulator.ts";
import type { ApiObserver } from "../simulators/tiktok/observer.ts";
import { TikTokSimulator } from "../simulators/tiktok/simulator.ts";
import { TIKTOK_RETRY_DELAYS_MS } from "../simulators/tiktok/webhooks.ts";
import type { StackEnvironment } from "./environment.ts";
import type { Resources } from "./resources.ts";
import { seedSimulator } from "./sample_shops.ts";
import { type Addresses, simulatorUrl } from "./variables.ts";

/** Undefined where an outside service is used instead. */
export interface Simulators {
  tiktok: TikTokSimulator | undefined;
  easypost: EasyPostSimulator | undefined;
  stripe: StripeSimulator | undefined;
}

export interface SimulatorSettings {
  /** Folder of the journals. */
  data: string;
  /** Random numbers from 0 to 1, for the faults. @default {Math.random} */
  random?: () => number;
  /** Unix milliseconds at which the sample orders are new. @default {now} */
  sampleTime?: number;
  /** Receives every call of the TikTok simulator's Open API. */
  tiktokObserver?: ApiObserver;
  /** See `TikTokSimulatorOptions.autoSend`. @default {true} */
  tiktokAutoSend?: boolean;
  addresses: Addresses;
  /** Base of the functions that receive webhooks. @default {`${addresses.url}/functions/v1`} */
  functionsUrl?: string;
}

export interface RunningSimulators {
  readonly current: Simulators;
  /** Closes the simulators, deletes their data, and starts new ones. */
  replace(): Promise<Simulators>;
}

export function startSimulators(
  settings: SimulatorSettings,
  env: StackEnvironment,
  resources: Resources,
): RunningSimulators {
  let current = createSimulators(settings, env);
  const close = () => allSimulators(current).forEach(({ simulator }) => simulator.close());
  resources.defer(close);
  return {
    get current() {
      return current;
    },
    async replace() {
      close();
      for (const { name } of allSimulators(current)) {
        await Deno.remove(journalPath(settings, name)).catch(ignoreMissing);
      }
      return current = createSimulators(settings, env);
    },
  };
}

type SimulatorName = keyof Simulators;

/** The simulators that run, by name. */
export function allSimulators(simulators: Simulators) {
  return (["tiktok", "easypost", "stripe"] as const).flatMap((name) => {
    const simulator = simulators[name];
    return simulator === undefined ? [] : [{ name, simulator }];
  });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** A start whose environment has exported the stack's own addresses, as runbooks do, simulates too. */
function createSimulators(settings: SimulatorSettings, env: StackEnvironment): Simulators {
  const own = (name: SimulatorName) => simulatorUrl(name)(settings.addresses);
  const isTikTok = [env.TIKTOK_API_URL, env.TIKTOK_AUTH_URL].includes(own("tiktok"));
  const tiktok = isTikTok ? createTikTok(settings, env) : undefined;
  if (tiktok) seedSimulator(tiktok, settings.sampleTime);
  return {
    tiktok,
    easypost: env.EASYPOST_API_URL === `${own("easypost")}/v2`
      ? createEasyPost(settings, env)
      : undefined,
    stripe: env.STRIPE_API_URL === own("stripe") ? createStripe(settings, env) : undefined,
  };
}

function journalPath({ data }: SimulatorSettings, name: SimulatorName): string {
  return join(data, `${name}-simulator.jsonl`);
}

function functionUrl({ addresses, functionsUrl }: SimulatorSettings, path: string): string {
  return `${functionsUrl ?? `${addresses.url}/functions/v1`}/${path}`;
}

/** Settings that every simulator has: addresses, journal and random numbers. */
function commonOptions(
  settings: SimulatorSettings,
  name: SimulatorName,
  webhookFunction: string,
) {
  return {
    publicUrl: `${settings.addresses.url}/simulators/${name}`,
    webhookUrl: functionUrl(settings, webhookFunction),
    journalPath: journalPath(settings, name),
    ...(settings.random && { random: settings.random }),
  };
}

/** The stack may have had another port when its shops subscribed their webhooks: it is the same receiver. */
function followPort({ state }: TikTokSimulator, webhookUrl: string): void {
  const { pathname } = new URL(webhookUrl);
  for (const [id, subscription] of state.entries("subscriptions")) {
    const { hostname, pathname: former } = new URL(subscription.address);
    if (former !== pathname || !["127.0.0.1", "localhost"].includes(hostname)) continue;
    if (subscription.address === webhookUrl) continue;
    state.put("subscriptions", id, { ...subscription, address: webhookUrl });
  }
}

function createTikTok(settings: SimulatorSettings, env: StackEnvironment): TikTokSimulator {
  const simulator = new TikTokSimulator({
    ...commonOptions(settings, "tiktok", "tiktok-webhooks"),
    appKey: env.TIKTOK_APP_KEY,
    appSecret: env.TIKTOK_APP_SECRET,
    serviceId: env.TIKTOK_SERVICE_ID,
    countryParameters: env.TIKTOK_COUNTRY_PARAMETERS.split(","),
    redirectUrl: functionUrl(settings, "tiktok-oauth/callback"),
    retryDelaysMs: TIKTOK_RETRY_DELAYS_MS,
    ...(settings.tiktokObserver && { observer: settings.tiktokObserver }),
    autoSend: settings.tiktokAutoSend ?? true,
  });
  followPort(simulator, functionUrl(settings, "tiktok-webhooks"));
  return simulator;
}

function createEasyPost(settings: SimulatorSettings, env: StackEnvironment): EasyPostSimulator {
  return new EasyPostSimulator({
    ...commonOptions(settings, "easypost", "carrier-webhooks"),
    apiKey: env.EASYPOST_API_KEY,
    webhookSecret: env.EASYPOST_WEBHOOK_SECRET,
  });
}

function createStripe(settings: SimulatorSettings, env: StackEnvironment): StripeSimulator {
  return new StripeSimulator({
    ...commonOptions(settings, "stripe", "stripe-webhooks"),
    secretKey: env.STRIPE_SECRET_KEY,
    // While it is being changed there are two.
    webhookSecret: env.STRIPE_WEBHOOK_SECRET.split(",")[0] as string,
    prices: {
      starter: env.STRIPE_PRICE_STARTER,
      growth: env.STRIPE_PRICE_GROWTH,
      scale: env.STRIPE_PRICE_SCALE,
    },
  });
}
