/** The only place that reads the environment: one reader for each concern, called by the code that needs it. */
import { type KeyRing, parseKeyRing } from "./crypto/key_ring.ts";
import { LoggableError } from "./loggable_error.ts";

/** A variable is missing or wrong; the message names it and says what to do. */
export class ConfigError extends LoggableError {
  override name = "ConfigError";
}

export interface SupabaseConfig {
  url: string;
  publishableKey: string;
  /** The backend's own: the key that `SECRET_KEY_NAME` names. */
  secretKey: string;
  /** Every secret key of the project: callers may use any of them while keys are being rotated. */
  secretKeys: string[];
}

export interface TikTokConfig {
  appKey: string;
  appSecret: string;
  /** Base of the Open API, without a trailing slash. */
  apiUrl: string;
  /** Base of the auth host, without a trailing slash. */
  authUrl: string;
}

/** Names of the query parameters in which Get Shipping Providers takes two countries. */
export interface CountryParameters {
  origin: string;
  destination: string;
}

/** TikTok's authorization page, and the page of ours that sellers return to. */
export interface TikTokAuthorizeConfig {
  /** Not the app key. */
  serviceId: string;
  /** Authorization page for sellers outside the United States. */
  authorizeUrl: string;
  /** Authorization page for sellers in the United States. */
  authorizeUrlUs: string;
  /** Page of the app where TikTok's redirect ends. */
  appUrl: string;
}

export interface EasyPostConfig {
  apiKey: string;
  /** Base of the API with its version, without a trailing slash. */
  apiUrl: string;
}

export interface StripeConfig {
  secretKey: string;
  /** Base of the API, without a trailing slash; the client puts `/v1` behind it. */
  apiUrl: string;
  /** Id of the price of each plan. */
  prices: { starter: string; growth: string; scale: string };
  /** Live subscriptions of accounts that were deleted past our own function. */
  orphanedSubscriptions: "report" | "cancel";
}

/** Reads one variable; tests pass their own. */
export type Environment = (name: string) => string | undefined;

const fromDeno: Environment = (name) => Deno.env.get(name);

function required(env: Environment, name: string, fix: string): string {
  const value = env(name);
  if (value === undefined || value === "") {
    throw new ConfigError(`${name} is not set. ${fix}`);
  }
  return value;
}

/** The address of a page, unchanged. */
function pageUrl(env: Environment, name: string, fallback?: string): string {
  const value = env(name) || fallback || required(env, name, "It is an http(s) URL.");
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new ConfigError(`${name} is not an http(s) URL.`);
  }
  return value;
}

/** The base of an API, without trailing slashes. */
function url(env: Environment, name: string, fallback?: string): string {
  return pageUrl(env, name, fallback).replace(/\/+$/, "");
}

/** The keys of a variable, of which one has the name `needed`. */
function namedKeys(env: Environment, name: string, needed: string): Record<string, string> {
  const fix = `The platform sets it: a JSON object of API keys by name, with an entry "${needed}".`;
  const text = required(env, name, fix);
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    // The text is secret: the parser's message would quote it.
  }
  if (
    keys === null || typeof keys !== "object" ||
    !Object.values(keys).every((key) => typeof key === "string" && key.length > 0) ||
    !(needed in keys)
  ) {
    throw new ConfigError(`${name} is not usable. ${fix}`);
  }
  return keys as Record<string, string>;
}

/** `OTEL_DENO`: whether Deno sends spans, where it can (docs/logs.md). */
export function isTelemetryOn(env: Environment = fromDeno): boolean {
  return /^(true|1)$/.test(env("OTEL_DENO") ?? "");
}

/** `SECRET_KEY_NAME`: the name of the backend's own secret key at Supabase. */
export function readSecretKeyName(env: Environment = fromDeno): string {
  const name = env("SECRET_KEY_NAME") || "default";
  if (!/^[a-z_][a-z0-9_]{0,63}$/.test(name)) {
    throw new ConfigError(
      "SECRET_KEY_NAME is not the name of an API key: lower-case letters, digits and _.",
    );
  }
  return name;
}

/** `SUPABASE_URL`, `SUPABASE_PUBLISHABLE_KEYS`, `SUPABASE_SECRET_KEYS`: the platform sets all three. */
export function readSupabaseConfig(env: Environment = fromDeno): SupabaseConfig {
  const secretKeyName = readSecretKeyName(env);
  const secretKeys = namedKeys(env, "SUPABASE_SECRET_KEYS", secretKeyName);
  const publishableKeys = namedKeys(env, "SUPABASE_PUBLISHABLE_KEYS", "default");
  return {
    url: url(env, "SUPABASE_URL"),
    publishableKey: publishableKeys.default as string,
    secretKey: secretKeys[secretKeyName] as string,
    secretKeys: Object.values(secretKeys),
  };
}

/**
 * `TIKTOK_APP_KEY`, `TIKTOK_APP_SECRET`; without `TIKTOK_API_URL` and `TIKTOK_AUTH_URL` TikTok's own hosts
 * for all regions.
 */
export function readTikTokConfig(env: Environment = fromDeno): TikTokConfig {
  const fix = "Copy it from TikTok's Partner Center, App & Service > your app.";
  return {
    appKey: required(env, "TIKTOK_APP_KEY", fix),
    appSecret: required(env, "TIKTOK_APP_SECRET", fix),
    apiUrl: url(env, "TIKTOK_API_URL", "https://open-api.tiktokglobalshop.com"),
    authUrl: url(env, "TIKTOK_AUTH_URL", "https://auth.tiktok-shops.com"),
  };
}

/**
 * `TIKTOK_COUNTRY_PARAMETERS`: the names of the two parameters of Get Shipping Providers, which TikTok's
 * release notes announce without naming them.
 */
export function readTikTokCountryParameters(env: Environment = fromDeno): CountryParameters {
  const text = env("TIKTOK_COUNTRY_PARAMETERS") || "origin_country,destination_country";
  const names = text.split(",").map((name) => name.trim());
  const [origin, destination] = names;
  if (
    origin === undefined || destination === undefined || names.length > 2 ||
    origin === destination || !names.every((name) => /^\w+$/.test(name))
  ) {
    throw new ConfigError(
      "TIKTOK_COUNTRY_PARAMETERS has to be two names: that of the origin and that of the " +
        "destination, with a comma between them.",
    );
  }
  return { origin, destination };
}

/**
 * `TIKTOK_SERVICE_ID`, `APP_URL`; without `TIKTOK_AUTHORIZE_URL` and `TIKTOK_AUTHORIZE_URL_US` TikTok's own
 * pages.
 */
export function readTikTokAuthorizeConfig(env: Environment = fromDeno): TikTokAuthorizeConfig {
  return {
    serviceId: required(
      env,
      "TIKTOK_SERVICE_ID",
      "It is in the authorization link that TikTok's Partner Center shows for your app.",
    ),
    authorizeUrl: pageUrl(
      env,
      "TIKTOK_AUTHORIZE_URL",
      "https://services.tiktokshop.com/open/authorize",
    ),
    authorizeUrlUs: pageUrl(
      env,
      "TIKTOK_AUTHORIZE_URL_US",
      "https://services.us.tiktokshop.com/open/authorize",
    ),
    appUrl: pageUrl(env, "APP_URL"),
  };
}

/** `EASYPOST_API_KEY`; without `EASYPOST_API_URL` EasyPost's own API. */
export function readEasyPostConfig(env: Environment = fromDeno): EasyPostConfig {
  const fix = "Copy it from EasyPost's dashboard, API Keys; the test key begins with EZTK.";
  return {
    apiKey: required(env, "EASYPOST_API_KEY", fix),
    apiUrl: url(env, "EASYPOST_API_URL", "https://api.easypost.com/v2"),
  };
}

/** `EASYPOST_WEBHOOK_SECRET`: the secret of the webhook at EasyPost. */
export function readEasyPostWebhookSecret(env: Environment = fromDeno): string {
  const fix = "Set the same secret here and on the webhook in EasyPost's dashboard.";
  return required(env, "EASYPOST_WEBHOOK_SECRET", fix);
}

/**
 * `STRIPE_SECRET_KEY`, `STRIPE_PRICE_STARTER`, `STRIPE_PRICE_GROWTH`, `STRIPE_PRICE_SCALE`;
 * without `STRIPE_API_URL` Stripe's own API. `ORPHANED_SUBSCRIPTIONS` is `report` unless it is `cancel`.
 */
export function readStripeConfig(env: Environment = fromDeno): StripeConfig {
  const secretKey = required(
    env,
    "STRIPE_SECRET_KEY",
    "Copy it from Stripe's dashboard, Developers > API keys.",
  );
  if (!/^(sk|rk)_(test|live)_\w+$/.test(secretKey)) {
    throw new ConfigError("STRIPE_SECRET_KEY is not a secret key: those begin with sk_ or rk_.");
  }
  const price = (plan: string) => {
    const name = `STRIPE_PRICE_${plan}`;
    const id = required(env, name, "It is the id of the plan's price in Stripe: price_...");
    if (!/^price_\w+$/.test(id)) throw new ConfigError(`${name} is not the id of a price.`);
    return id;
  };
  const prices = { starter: price("STARTER"), growth: price("GROWTH"), scale: price("SCALE") };
  if (new Set(Object.values(prices)).size < 3) {
    throw new ConfigError("STRIPE_PRICE_STARTER, _GROWTH and _SCALE have to be three prices.");
  }
  const orphanedSubscriptions = env("ORPHANED_SUBSCRIPTIONS") || "report";
  if (orphanedSubscriptions !== "report" && orphanedSubscriptions !== "cancel") {
    throw new ConfigError("ORPHANED_SUBSCRIPTIONS is neither report nor cancel.");
  }
  const apiUrl = url(env, "STRIPE_API_URL", "https://api.stripe.com");
  return { secretKey, apiUrl, prices, orphanedSubscriptions };
}

/** `STRIPE_WEBHOOK_SECRET`: one secret or, during a change of it, several separated by commas. */
export function readStripeWebhookSecrets(env: Environment = fromDeno): string[] {
  const fix = "Copy the signing secret of the webhook endpoint from Stripe's dashboard: whsec_...";
  const secrets = required(env, "STRIPE_WEBHOOK_SECRET", fix).split(",").map((part) => part.trim());
  if (!secrets.every((secret) => /^whsec_\S+$/.test(secret))) {
    throw new ConfigError(`STRIPE_WEBHOOK_SECRET is not a signing secret. ${fix}`);
  }
  return secrets;
}

/** `APP_URL`: page of the app that Stripe's pages lead back to. */
export function readAppUrl(env: Environment = fromDeno): string {
  return pageUrl(env, "APP_URL");
}

/** `ENCRYPTION_KEYS`: `id:base64,id:base64`, 32 bytes each. The first encrypts, all decrypt. */
export function readEncryptionKeys(env: Environment = fromDeno): KeyRing {
  const fix = 'Make one key with: echo "k1:$(openssl rand -base64 32)"';
  const text = required(env, "ENCRYPTION_KEYS", fix);
  try {
    return parseKeyRing(text);
  } catch (error) {
    throw new ConfigError(`ENCRYPTION_KEYS: ${(error as Error).message} ${fix}`);
  }
}
