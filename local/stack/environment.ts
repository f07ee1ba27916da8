/** The addresses and keys of a running stack, as variables: what functions, tests and people use. */
import { join } from "node:path";
import { writePrivateFile } from "./keys.ts";

/** What `<data>/env` holds. */
export interface StackEnvironment {
  SUPABASE_URL: string;
  SUPABASE_PUBLISHABLE_KEY: string;
  SUPABASE_SECRET_KEY: string;
  SUPABASE_DB_URL: string;
  SUPABASE_JWT_SECRET: string;
  TIKTOK_APP_KEY: string;
  TIKTOK_APP_SECRET: string;
  TIKTOK_API_URL: string;
  TIKTOK_AUTH_URL: string;
  TIKTOK_SERVICE_ID: string;
  TIKTOK_AUTHORIZE_URL: string;
  TIKTOK_AUTHORIZE_URL_US: string;
  APP_URL: string;
  EASYPOST_API_KEY: string;
  EASYPOST_API_URL: string;
  EASYPOST_WEBHOOK_SECRET: string;
  STRIPE_SECRET_KEY: string;
  STRIPE_API_URL: string;
  STRIPE_WEBHOOK_SECRET: string;
  STRIPE_PRICE_STARTER: string;
  STRIPE_PRICE_GROWTH: string;
  STRIPE_PRICE_SCALE: string;
  ENCRYPTION_KEYS: string;
}

/** The environment of the functions: the platform gives API keys as JSON objects by name. */
export function functionEnvironment(env: StackEnvironment): Record<string, string> {
  return {
    SUPABASE_URL: env.SUPABASE_URL,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: env.SUPABASE_PUBLISHABLE_KEY }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: env.SUPABASE_SECRET_KEY }),
    TIKTOK_APP_KEY: env.TIKTOK_APP_KEY,
    TIKTOK_APP_SECRET: env.TIKTOK_APP_SECRET,
    TIKTOK_API_URL: env.TIKTOK_API_URL,
    TIKTOK_AUTH_URL: env.TIKTOK_AUTH_URL,
    TIKTOK_SERVICE_ID: env.TIKTOK_SERVICE_ID,
    TIKTOK_AUTHORIZE_URL: env.TIKTOK_AUTHORIZE_URL,
    TIKTOK_AUTHORIZE_URL_US: env.TIKTOK_AUTHORIZE_URL_US,
    APP_URL: env.APP_URL,
    EASYPOST_API_KEY: env.EASYPOST_API_KEY,
    EASYPOST_API_URL: env.EASYPOST_API_URL,
    EASYPOST_WEBHOOK_SECRET: env.EASYPOST_WEBHOOK_SECRET,
    STRIPE_SECRET_KEY: env.STRIPE_SECRET_KEY,
    STRIPE_API_URL: env.STRIPE_API_URL,
    STRIPE_WEBHOOK_SECRET: env.STRIPE_WEBHOOK_SECRET,
    STRIPE_PRICE_STARTER: env.STRIPE_PRICE_STARTER,
    STRIPE_PRICE_GROWTH: env.STRIPE_PRICE_GROWTH,
    STRIPE_PRICE_SCALE: env.STRIPE_PRICE_SCALE,
    ENCRYPTION_KEYS: env.ENCRYPTION_KEYS,
  };
}

const fileOf = (data: string) => join(data, "env");

/** Writes `KEY=VALUE` lines that a shell can source and `--env-file` can read. */
export async function writeEnvironment(data: string, env: StackEnvironment): Promise<void> {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await writePrivateFile(fileOf(data), lines.join("\n") + "\n");
}

/** Reads what a start has written. @throws {Error} that says to start a stack, if there is none. */
export async function readEnvironment(data: string): Promise<StackEnvironment> {
  let text: string;
  try {
    text = await Deno.readTextFile(fileOf(data));
  } catch {
    throw new Error(`There is no ${fileOf(data)}. Start the stack first: deno task start`);
  }
  const entries = text.split("\n").filter((line) => line.includes("=")).map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries) as unknown as StackEnvironment;
}
