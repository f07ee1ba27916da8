/** The table of the stack's variables. Keys, environment, help text and docs/local-stack.md follow it. */

/** Parts of the configuration; shared/config.ts has a reader for each. */
export type Concern =
  | "supabase"
  | "tiktok"
  | "tiktok_authorize"
  | "easypost"
  | "easypost_webhook"
  | "stripe"
  | "stripe_webhook"
  | "app_url"
  | "encryption";

/** Addresses that the values follow from. */
export interface Addresses {
  /** The one public port. */
  url: string;
  databaseUrl: string;
  /** Base of the simulators for the functions; browsers take `url`. @default {url} */
  simulatorsUrl?: string;
}

/** Variables that are set in the environment at the start. */
export type GivenVariables = Partial<Record<string, string>>;

type Maker =
  /** Generated once and kept in keys.json. */
  | { maker: "key"; generate: () => string | Promise<string> }
  /** Follows from the stack's own addresses. */
  | { maker: "address"; value: (addresses: Addresses) => string }
  /** The same on every stack. */
  | { maker: "constant"; value: () => string }
  /** Names or configures a simulator. */
  | { maker: "simulator"; value: (addresses: Addresses, given: GivenVariables) => string };

export type Variable = Maker & {
  description: string;
  /** Parts that need it; see receivers.ts for their functions. Without any: the env file only. */
  concerns?: readonly Concern[];
  /** Name under which functions receive it, as a JSON object of keys by name. */
  functionName?: string;
  /** The stack's own value wins over one that is set in the environment. */
  isFixed?: true;
  /**
   * Source of the value for a hosted project, which then needs it as a secret. Without it, the platform sets
   * the variable, or the default of shared/config.ts is right there.
   */
  source?: string;
};

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

async function generateKey(kind: "publishable" | "secret"): Promise<string> {
  // With it comes a whole server, which most commands do not need.
  const { generateApiKey } = await import("@supabase/lite");
  return (await generateApiKey(kind)).key;
}

export const simulatorUrl = (name: string) => ({ url, simulatorsUrl = url }: Addresses) =>
  `${simulatorsUrl}/simulators/${name}`;

/** Empty for another TikTok: the functions then take TikTok's own page. */
function authorizeUrl({ url }: Addresses, given: GivenVariables): string {
  return given.TIKTOK_AUTH_URL ? "" : `${url}/simulators/tiktok/open/authorize`;
}

export const VARIABLES = {
  SUPABASE_URL: {
    maker: "address",
    value: ({ url }) => url,
    isFixed: true,
    concerns: ["supabase"],
    description: "base of REST, Auth and functions",
  },
  SUPABASE_PUBLISHABLE_KEY: {
    maker: "key",
    generate: () => generateKey("publishable"),
    concerns: ["supabase"],
    functionName: "SUPABASE_PUBLISHABLE_KEYS",
    description: "API key for apps",
  },
  SUPABASE_SECRET_KEY: {
    maker: "key",
    generate: () => generateKey("secret"),
    concerns: ["supabase"],
    functionName: "SUPABASE_SECRET_KEYS",
    description: "API key for backends",
  },
  SECRET_KEY_NAME: {
    maker: "constant",
    value: () => "default",
    isFixed: true,
    concerns: ["supabase"],
    description: "name of the secret key that the functions use",
  },
  SUPABASE_DB_URL: {
    maker: "address",
    value: ({ databaseUrl }) => databaseUrl,
    isFixed: true,
    description: "Postgres; set it to use an existing Postgres 17, as a superuser",
  },
  SUPABASE_JWT_SECRET: {
    maker: "key",
    generate: () => randomHex(32),
    description: "signs user tokens (HS256)",
  },
  TIKTOK_APP_KEY: {
    maker: "key",
    generate: () => randomHex(7),
    concerns: ["tiktok"],
    description: "the app at TikTok",
    source: "TikTok Partner Center > App & Service > your app",
  },
  TIKTOK_APP_SECRET: {
    maker: "key",
    generate: () => randomHex(20),
    concerns: ["tiktok"],
    description: "signs calls of TikTok, and its webhooks",
    source: "TikTok Partner Center > App & Service > your app",
  },
  TIKTOK_API_URL: {
    maker: "simulator",
    value: simulatorUrl("tiktok"),
    concerns: ["tiktok"],
    description: "TikTok's Open API",
  },
  TIKTOK_AUTH_URL: {
    maker: "simulator",
    value: simulatorUrl("tiktok"),
    concerns: ["tiktok"],
    description: "TikTok's auth host",
  },
  TIKTOK_COUNTRY_PARAMETERS: {
    maker: "simulator",
    value: () => "origin_country,destination_country",
    concerns: ["tiktok"],
    description: "names of the two countries in Get Shipping Providers",
  },
  TIKTOK_SERVICE_ID: {
    maker: "key",
    generate: () => randomHex(9),
    concerns: ["tiktok_authorize"],
    description: "the app on TikTok's authorise page",
    source: "the authorization link that TikTok Partner Center shows; not the app key",
  },
  TIKTOK_AUTHORIZE_URL: {
    maker: "simulator",
    value: authorizeUrl,
    concerns: ["tiktok_authorize"],
    description: "TikTok's authorise page",
  },
  TIKTOK_AUTHORIZE_URL_US: {
    maker: "simulator",
    value: (addresses, given) => given.TIKTOK_AUTHORIZE_URL || authorizeUrl(addresses, given),
    concerns: ["tiktok_authorize"],
    description: "the same for sellers in the United States",
  },
  APP_URL: {
    maker: "address",
    value: ({ url }) => `${url}/app`,
    concerns: ["tiktok_authorize", "app_url"],
    description: "the app's page, where TikTok's and Stripe's pages end",
    source: "your app: https address of the page where connecting a shop, or paying, ends",
  },
  EASYPOST_API_KEY: {
    maker: "key",
    // EasyPost's test keys begin like this.
    generate: () => `EZTK${randomHex(16)}`,
    concerns: ["easypost"],
    description: "key of EasyPost; EZTK... buys test labels",
    source: "EasyPost dashboard > API Keys; EZTK... is the test mode",
  },
  EASYPOST_API_URL: {
    maker: "simulator",
    value: (addresses) => `${simulatorUrl("easypost")(addresses)}/v2`,
    concerns: ["easypost"],
    description: "EasyPost's API; https://api.easypost.com/v2 is EasyPost itself",
  },
  EASYPOST_WEBHOOK_SECRET: {
    maker: "key",
    generate: () => randomHex(20),
    concerns: ["easypost_webhook"],
    description: "signs EasyPost's webhooks",
    source: "any long random text, the same as on the webhook in EasyPost dashboard",
  },
  STRIPE_SECRET_KEY: {
    maker: "key",
    generate: () => `sk_test_${randomHex(16)}`,
    concerns: ["stripe"],
    description: "key of Stripe, of a test mode",
    source: "Stripe dashboard > Developers > API keys; sk_test_... is the test mode",
  },
  STRIPE_API_URL: {
    maker: "simulator",
    value: simulatorUrl("stripe"),
    concerns: ["stripe"],
    description: "Stripe's API; https://api.stripe.com is Stripe itself",
  },
  STRIPE_WEBHOOK_SECRET: {
    maker: "key",
    generate: () => `whsec_${randomHex(20)}`,
    concerns: ["stripe_webhook"],
    description: "signs Stripe's webhooks: the endpoint's, or that of stripe listen",
    source: "Stripe dashboard > Developers > Webhooks > your endpoint: whsec_...",
  },
  STRIPE_PRICE_STARTER: {
    maker: "simulator",
    value: () => "price_starter",
    concerns: ["stripe"],
    description: "id of the price of the plan starter",
    source: "Stripe dashboard > Product catalog: price_... of the plan starter",
  },
  STRIPE_PRICE_GROWTH: {
    maker: "simulator",
    value: () => "price_growth",
    concerns: ["stripe"],
    description: "id of the price of the plan growth",
    source: "Stripe dashboard > Product catalog: price_... of the plan growth",
  },
  STRIPE_PRICE_SCALE: {
    maker: "simulator",
    value: () => "price_scale",
    concerns: ["stripe"],
    description: "id of the price of the plan scale",
    source: "Stripe dashboard > Product catalog: price_... of the plan scale",
  },
  ORPHANED_SUBSCRIPTIONS: {
    maker: "simulator",
    value: () => "report",
    concerns: ["stripe"],
    description: "subscriptions of accounts deleted past our function: report or cancel",
  },
  ENCRYPTION_KEYS: {
    maker: "key",
    generate: () => `local1:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`,
    concerns: ["encryption"],
    description: "ring of keys: id:base64,id:base64; the first encrypts, all decrypt",
    source: 'make one: echo "k1:$(openssl rand -base64 32)"; keep a copy in a safe place',
  },
} satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;

/** Variables whose value is generated. */
export type KeyName = {
  [Name in VariableName]: (typeof VARIABLES)[Name]["maker"] extends "key" ? Name : never;
}[VariableName];

/** The rows, with their names. */
export const variables = Object.entries(VARIABLES) as [VariableName, Variable][];
