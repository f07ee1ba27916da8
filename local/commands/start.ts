/** `deno task start`: runs the whole backend until Ctrl-C. */
import { join } from "node:path";
import { bearDriverErrors } from "../postgres/driver_errors.ts";
import { parseOptions, shownPath, type StackOptions, UsageError } from "../cli/options.ts";
import { print, redirectConsole } from "../cli/console.ts";
import { SAMPLE_SHOP_ID } from "../stack/sample_shops.ts";
import { type Stack, startStack } from "../stack/stack.ts";

const HELP = `Starts the whole CreatorFlow backend on this machine. Ctrl-C stops it.

  npx -y deno@2.9.5 task start [options]

  --port N      the one public port: REST, Auth, functions, simulators   (54321; 0: a free one)
  --db-port N   Postgres                                                 (54322; 0: a free one)
  --data DIR    data, keys and logs; kept between starts                 (.local)
  --help

A variable that is set in the environment wins over what the stack would make:
  SUPABASE_DB_URL                      an existing Postgres 17, as a superuser, for the embedded one
  TIKTOK_API_URL, TIKTOK_AUTH_URL      another TikTok for the simulator
  TIKTOK_AUTHORIZE_URL, _US            its authorise pages, with TIKTOK_SERVICE_ID
  APP_URL                              your app's page that a connected seller comes back to
  EASYPOST_API_URL                     another EasyPost, with EASYPOST_API_KEY, EASYPOST_WEBHOOK_SECRET
  STRIPE_API_URL                       Stripe itself (https://api.stripe.com), with STRIPE_SECRET_KEY,
                                       STRIPE_WEBHOOK_SECRET, STRIPE_PRICE_STARTER, _GROWTH, _SCALE
  TIKTOK_APP_KEY, TIKTOK_APP_SECRET, ENCRYPTION_KEYS,
  SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY, SUPABASE_JWT_SECRET`;

/** One Ctrl-C comes several times: from the terminal, and passed on by npx and by `deno task`. */
const SAME_KEYPRESS_MS = 1000;

function tryOut({ env, tiktok }: Stack, folder: string): string {
  const data = folder === ".local" ? "" : ` --data '${folder}'`;
  const commands = tiktok
    ? [
      `npx -y deno@2.9.5 task demo${data}`,
      `npx -y deno@2.9.5 task connect-shop ada@example.com${data}`,
      `curl -X POST ${env.TIKTOK_API_URL}/control/orders --json '{"shop_id":"${SAMPLE_SHOP_ID}"}'`,
    ]
    : [`npx -y deno@2.9.5 task connect-shop ada@example.com --code CODE${data}`];
  return `Try, in another terminal, in this folder:\n\n${
    commands.map((command) => `  ${command}\n`).join("")
  }`;
}

function page(stack: Stack, { data }: StackOptions, seconds: string): string {
  const { env } = stack;
  const folder = shownPath(data);
  const ours = (simulator: unknown) => simulator ? "" : "   (not ours)";
  return `
CreatorFlow is ready after ${seconds} s. Ctrl-C stops it; ${folder}/ keeps its data.

  API        ${env.SUPABASE_URL}   (/rest/v1, /auth/v1, /functions/v1)
  Postgres   ${env.SUPABASE_DB_URL}
  TikTok     ${env.TIKTOK_API_URL}${ours(stack.tiktok)}
  EasyPost   ${env.EASYPOST_API_URL}${ours(stack.easypost)}
  Stripe     ${env.STRIPE_API_URL}${ours(stack.stripe)}
  key        ${env.SUPABASE_PUBLISHABLE_KEY}   (publishable)
  key        ${env.SUPABASE_SECRET_KEY}   (secret)

  All addresses, keys and secrets: ${folder}/env     Logs: ${folder}/logs/

${tryOut(stack, folder)}`;
}

async function main(): Promise<number> {
  let options: StackOptions | undefined;
  try {
    options = parseOptions(Deno.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(error.message);
    return 2;
  }
  if (options === undefined) {
    print(HELP);
    return 0;
  }

  const signalled = Promise.withResolvers<void>();
  let firstSignalAt: number | undefined;
  const onSignal = () => {
    firstSignalAt ??= performance.now();
    if (performance.now() - firstSignalAt > SAME_KEYPRESS_MS) Deno.exit(130);
    signalled.resolve();
  };
  Deno.addSignalListener("SIGINT", onSignal);
  if (Deno.build.os !== "windows") {
    Deno.addSignalListener("SIGTERM", onSignal);
    Deno.addSignalListener("SIGHUP", onSignal);
  }

  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  await Deno.mkdir(join(options.data, "logs"), { recursive: true });
  redirectConsole(join(options.data, "logs", "rest-auth.log"));
  // Postgres may be stopped while the stack runs.
  using _driverErrors = bearDriverErrors();
  let stack: Stack;
  try {
    stack = await startStack({
      ...options,
      onProgress: (message) => print(`${seconds().padStart(6)} s  ${message}`),
      onWarning: (message) => print(`warning: ${message}`),
    });
  } catch (error) {
    print(`\nThe stack did not start. ${(error as Error).message}`);
    return 1;
  }
  print(page(stack, options, seconds()));
  await signalled.promise;
  print("Stopping. Press Ctrl-C again to give up waiting.");
  await stack.stop();
  print("Stopped.");
  return 0;
}

if (import.meta.main) Deno.exit(await main());
