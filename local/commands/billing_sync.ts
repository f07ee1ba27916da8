/** `deno task billing:sync`: compares Stripe's subscriptions with ours now, and not only at night. */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import * as z from "zod";
import { createServiceClient, type DatabaseClient } from "../../shared/database/client.ts";
import { unwrap } from "../../shared/database/errors.ts";
import { print } from "../cli/console.ts";
import { findRunningStack, supabaseConfigOf } from "../cli/running_stack.ts";

const HELP = `Compares Stripe's subscriptions with ours, repairs what differs, and says how many.

  npx -y deno@2.9.5 task billing:sync [USER] [options]

  USER          a user's id or e-mail address; without it everybody
  --url URL     a project's address, with its secret key in SUPABASE_SECRET_KEY
  --data DIR    data folder of the running stack, for its address and key   (.local)

The same happens every night by itself.`;

const PATIENCE_MS = 10 * 60_000;
const POLL_MS = 500;

interface Target {
  url: string;
  secretKey: string;
  database: DatabaseClient;
}

async function findTarget(url: string | undefined, data: string): Promise<Target> {
  if (url === undefined) {
    const config = supabaseConfigOf(await findRunningStack(resolve(data)));
    return { ...config, database: createServiceClient(config) };
  }
  const secretKey = Deno.env.get("SUPABASE_SECRET_KEY");
  if (!secretKey) throw new Error("Set SUPABASE_SECRET_KEY to a secret key of the project.");
  const config = {
    url: url.replace(/\/+$/, ""),
    secretKey,
    publishableKey: secretKey,
    secretKeys: [secretKey],
  };
  return { ...config, database: createServiceClient(config) };
}

async function findUser(database: DatabaseClient, wanted: string): Promise<string> {
  if (z.uuid().safeParse(wanted).success) return wanted;
  // Auth keeps addresses in small letters.
  const email = wanted.trim().toLowerCase();
  const rows = unwrap("users", await database.from("users").select("id").eq("email", email));
  const [row] = rows;
  if (row === undefined) throw new Error(`Nobody has the address ${wanted}.`);
  return row.id;
}

const Answer = z.object({ event_id: z.int().optional(), detail: z.string().optional() });

async function request({ url, secretKey }: Target, userId: string | undefined): Promise<number> {
  const response = await fetch(`${url}/functions/v1/event-worker/sync-subscriptions`, {
    method: "POST",
    headers: { apikey: secretKey, "content-type": "application/json" },
    body: JSON.stringify({ user_id: userId }),
  });
  const { event_id, detail } = Answer.parse(await response.json());
  if (event_id === undefined) throw new Error(detail ?? `HTTP ${response.status}`);
  return event_id;
}

const Event = z.looseObject({
  event_id: z.int(),
  status: z.string(),
  last_error: z.string().nullable(),
  body: z.string(),
});

const Page = z.object({ events: z.array(z.looseObject({ event_id: z.int() })) });

const Progress = z.looseObject({ checked: z.int(), repaired: z.int() });

async function show(database: DatabaseClient, eventId: number): Promise<z.infer<typeof Event>> {
  const result = await database.rpc("show_webhook_event", { p_event_id: eventId });
  return Event.parse(unwrap("show_webhook_event", result));
}

/** The event of the next page, if there is one. */
async function successor(database: DatabaseClient, eventId: number): Promise<number | undefined> {
  const result = await database.rpc("list_webhook_events", {
    p_filter: { source: "creatorflow", event_type: "SYNC_SUBSCRIPTIONS" },
    p_limit: 100,
  });
  const { events } = Page.parse(unwrap("list_webhook_events", result));
  const wanted = `SYNC_SUBSCRIPTIONS:after:${eventId}`;
  return events.find((event) => event.external_id === wanted)?.event_id;
}

const Logged = z.looseObject({
  checked: z.int(),
  repaired: z.int(),
  failed: z.int().default(0),
});

/** What the comparison logged when it had finished. */
async function readOutcome(
  database: DatabaseClient,
  startedAt: string,
): Promise<z.infer<typeof Logged> | undefined> {
  const rows = unwrap(
    "system_logs",
    await database.from("system_logs").select("details")
      .in("event_type", ["subscriptions_reconciled", "subscriptions_differ"])
      .eq("details->>started_at", startedAt).limit(1),
  );
  return rows[0] && Logged.parse(rows[0].details);
}

async function follow(database: DatabaseClient, firstId: number): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  let id = firstId;
  let lastError: string | null = null;
  let checked = 0;
  const { started_at } = z.looseObject({ started_at: z.string() }).parse(
    JSON.parse((await show(database, firstId)).body),
  );
  while (Date.now() < end) {
    const event = await show(database, id);
    if (event.status === "dead") throw new Error(`It was given up: ${event.last_error}`);
    if (event.last_error !== null && event.last_error !== lastError) {
      lastError = event.last_error;
      print(`It failed, and is tried again: ${lastError}`);
    }
    if (event.status === "done") {
      const outcome = await readOutcome(database, started_at);
      if (outcome !== undefined) {
        print(
          `Compared ${outcome.checked} subscriptions with Stripe's: ${outcome.repaired} repaired.`,
        );
        if (outcome.failed > 0) {
          throw new Error(`${outcome.failed} could not be stored: see the log of the functions.`);
        }
        return;
      }
      const next = await successor(database, id);
      if (next !== undefined) {
        id = next;
        const progress = Progress.parse(JSON.parse((await show(database, id)).body));
        if (progress.checked > checked) print(`${progress.checked} ...`);
        checked = progress.checked;
        continue;
      }
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  throw new Error(
    "It goes on in the background; see `deno task events list --type SYNC_SUBSCRIPTIONS`.",
  );
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: "string" },
      data: { type: "string", default: ".local" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help || positionals.length > 1) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  const target = await findTarget(values.url, values.data);
  const [wanted] = positionals;
  const userId = wanted === undefined ? undefined : await findUser(target.database, wanted);
  await follow(target.database, await request(target, userId));
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
