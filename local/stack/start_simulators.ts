/** The simulators of TikTok, EasyPost and Stripe, each unless an outside address is set. */
import { join } from "node:path";
import { EasyPostSimulator } from "../simulators/easypost/simulator.ts";
import { StripeSimulator } from "../simulators/stripe/simulator.ts";
import { TikTokSimulator } from "../simulators/tiktok/simulator.ts";
import { TIKTOK_RETRY_DELAYS_MS } from "../simulators/tiktok/webhooks.ts";
import type { StackEnvironment } from "./environment.ts";
import type { Resources } from "./resources.ts";
import { seedSimulator } from "./sample_shops.ts";
import type { StackSettings } from "./settings.ts";
import type { GivenVariables } from "./variables.ts";

/** Undefined where an outside service is used instead. */
export interface Simulators {
  tiktok: TikTokSimulator | undefined;
  easypost: EasyPostSimulator | undefined;
  stripe: StripeSimulator | undefined;
}

export interface RunningSimulators {
  readonly current: Simulators;
  /** Closes the simulators, deletes their data, and starts new ones. */
  replace(): Promise<Simulators>;
}

export function startSimulators(
  settings: StackSettings,
  given: GivenVariables,
  env: StackEnvironment,
  resources: Resources,
): RunningSimulators {
  let current = createSimulators(settings, given, env);
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
      return current = createSimulators(settings, given, env);
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

function createSimulators(
  settings: StackSettings,
  given: GivenVariables,
  env: StackEnvironment,
): Simulators {
  const isTikTok = [env.TIKTOK_API_URL, env.TIKTOK_AUTH_URL].includes(publicUrl(env, "tiktok"));
  const tiktok = isTikTok ? createTikTok(settings, env) : undefined;
  if (tiktok) seedSimulator(tiktok);
  return {
    tiktok,
    easypost: given.EASYPOST_API_URL ? undefined : createEasyPost(settings, env),
    stripe: given.STRIPE_API_URL ? undefined : createStripe(settings, env),
  };
}

function journalPath({ data }: StackSettings, name: SimulatorName): string {
  return join(data, `${name}-simulator.jsonl`);
}

function publicUrl(env: StackEnvironment, name: SimulatorName): string {
  return `${env.SUPABASE_URL}/simulators/${name}`;
}

/** Settings that every simulator has: addresses, journal and random numbers. */
function commonOptions(
  settings: StackSettings,
  env: StackEnvironment,
  name: SimulatorName,
  webhookFunction: string,
) {
  return {
    publicUrl: publicUrl(env, name),
    webhookUrl: `${env.SUPABASE_URL}/functions/v1/${webhookFunction}`,
    journalPath: journalPath(settings, name),
    ...(settings.random && { random: settings.random }),
  };
}

function createTikTok(settings: StackSettings, env: StackEnvironment): TikTokSimulator {
  return new TikTokSimulator({
    ...commonOptions(settings, env, "tiktok", "tiktok-webhooks"),
    appKey: env.TIKTOK_APP_KEY,
    appSecret: env.TIKTOK_APP_SECRET,
    serviceId: env.TIKTOK_SERVICE_ID,
    redirectUrl: `${env.SUPABASE_URL}/functions/v1/tiktok-oauth/callback`,
    retryDelaysMs: TIKTOK_RETRY_DELAYS_MS,
  });
}

function createEasyPost(settings: StackSettings, env: StackEnvironment): EasyPostSimulator {
  return new EasyPostSimulator({
    ...commonOptions(settings, env, "easypost", "carrier-webhooks"),
    apiKey: env.EASYPOST_API_KEY,
    webhookSecret: env.EASYPOST_WEBHOOK_SECRET,
  });
}

function createStripe(settings: StackSettings, env: StackEnvironment): StripeSimulator {
  return new StripeSimulator({
    ...commonOptions(settings, env, "stripe", "stripe-webhooks"),
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
