/** The text that `deno task start` prints when the stack is ready. */
import { SAMPLE_SHOP_ID } from "../stack/sample_shops.ts";
import { controlAddress, type SimulatorName } from "../stack/simulator_control.ts";
import type { Stack } from "../stack/stack.ts";
import { quotedPath, shownPath, taskLine } from "./data_folder.ts";

/** First commands for a person who has started the stack. */
function suggestCommands({ env, tiktok }: Stack, data: string): string {
  const commands = tiktok
    ? [
      taskLine("demo", data),
      taskLine("connect-shop ada@example.com", data),
      // Without --json, which curl 7.81 of Ubuntu 22.04 does not have.
      `curl ${env.TIKTOK_API_URL}/control/orders -H content-type:application/json ` +
      `-d '{"shop_id":"${SAMPLE_SHOP_ID}"}'`,
    ]
    : [taskLine("connect-shop ada@example.com --code CODE", data)];
  return `Try, in another terminal, in this folder:\n\n${
    commands.map((command) => `  ${command}\n`).join("")
  }`;
}

/** The address without its password. */
export function withoutPassword(address: string): string {
  const url = new URL(address);
  url.password = "";
  return url.href;
}

/** How to open the database without the password in the terminal. */
export function psqlHint(data: string): string {
  return `. ${quotedPath(shownPath(data))}/env; psql "$SUPABASE_DB_URL"`;
}

export interface DescribeOptions {
  /** Data folder. */
  data: string;
  /** Length of the start. */
  seconds: string;
  /** Whether it runs without a terminal. */
  detached: boolean;
}

/** Addresses, the publishable key and first commands. Secrets are shown as the command that prints them. */
export function describeStack(
  stack: Stack,
  { data, seconds, detached }: DescribeOptions,
): string {
  const { env } = stack;
  const folder = shownPath(data);
  const service = (name: SimulatorName, address: string) =>
    stack[name]
      ? `${controlAddress(env, name)}   (what its simulator can do)`
      : `${address}   (not simulated)`;
  return `
CreatorFlow is ready after ${seconds} s. ${
    detached ? `It runs in the background; ${taskLine("stop", data)} stops it;` : "Ctrl-C stops it;"
  } ${folder}/ keeps its data.

  Console    ${env.SUPABASE_URL}/   (open it in a browser)
  Operator   ${stack.operatorUrl}   (works once)
  API        ${env.SUPABASE_URL}   (/rest/v1, /auth/v1, /functions/v1)
  Mails      ${env.SUPABASE_URL}/mailbox   (also in ${folder}/mails/)
  Postgres   ${withoutPassword(env.SUPABASE_DB_URL)}   (${psqlHint(data)})
  TikTok     ${service("tiktok", env.TIKTOK_API_URL)}
  EasyPost   ${service("easypost", env.EASYPOST_API_URL)}
  Stripe     ${service("stripe", env.STRIPE_API_URL)}
  key        ${env.SUPABASE_PUBLISHABLE_KEY}   (publishable)
  key        grep SUPABASE_SECRET_KEY ${quotedPath(folder)}/env   (prints the secret one)

  All addresses, keys and passwords: ${folder}/env     Logs: ${folder}/logs/

${suggestCommands(stack, data)}`;
}
