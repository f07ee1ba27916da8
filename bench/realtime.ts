/** `deno task bench:realtime`: whether many clients receive each of their changes, and how soon. */
import { createHmac } from "node:crypto";
import postgres from "postgres";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { command } from "../local/cli/command.ts";
import { print } from "../local/cli/console.ts";
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";
import { createRealtime } from "../local/realtime/realtime.ts";
import { pollUntil } from "../local/time/poll_until.ts";

const HELP = `Measures live updates with many clients, while the stream of changes is cut.

  npx -y deno@2.9.5 task bench:realtime [options]

  --clients N   sellers, each with a client that listens to all tables (200)
  --changes N   changes of all sellers together (1000)

Fails if a client misses a change, gets one twice, or gets another seller's.`;

const KEYS = { jwtSecret: crypto.randomUUID(), publishableKey: "sb_publishable_1", secretKey: "s" };
const TIMEOUT_MS = 300_000;
const CHANGES_PER_CUT = 200;

interface Listener {
  user: string;
  client: SupabaseClient;
  received: string[];
  latencies: number[];
}

function signToken(sub: string): string {
  const parts = [{ alg: "HS256" }, { sub, role: "authenticated", exp: 4_000_000_000 }];
  const content = parts.map((part) => btoa(JSON.stringify(part)).replaceAll("=", "")).join(".");
  return `${content}.${createHmac("sha256", KEYS.jwtSecret).update(content).digest("base64url")}`;
}

async function openListener(
  url: string,
  sql: postgres.Sql,
  sentAt: Map<string, number>,
): Promise<Listener> {
  const user = crypto.randomUUID();
  await sql`insert into auth.users (id, email) values (${user}, ${user + "@example.com"})`;
  const token = signToken(user);
  const client = createClient(url, KEYS.publishableKey, {
    accessToken: () => Promise.resolve(token),
  });
  await client.realtime.setAuth();
  const listener: Listener = { user, client, received: [], latencies: [] };
  const joined = Promise.withResolvers<void>();
  client.channel("all")
    .on("postgres_changes", { event: "*", schema: "public" }, ({ new: row }) => {
      const { session_id } = row as { session_id: string };
      listener.received.push(session_id);
      listener.latencies.push(performance.now() - (sentAt.get(session_id) ?? 0));
    })
    .on("system", {}, ({ status, message }) => {
      if (status === "ok") joined.resolve();
      else joined.reject(new Error(message));
    })
    .subscribe((_status, error) => void (error && joined.reject(error)));
  await joined.promise;
  return listener;
}

/** Inserts the changes, ten at once, and cuts the stream from time to time. Returns each seller's. */
async function makeChanges(
  sql: postgres.Sql,
  listeners: Listener[],
  changes: number,
  sentAt: Map<string, number>,
): Promise<Map<string, string[]>> {
  const expected = new Map<string, string[]>(listeners.map(({ user }) => [user, []]));
  for (let n = 0; n < changes; n += 10) {
    await Promise.all(Array.from({ length: Math.min(10, changes - n) }, async (_, index) => {
      const user = listeners[(n + index) % listeners.length]?.user ?? "";
      const id = `change-${n + index}`;
      expected.get(user)?.push(id);
      sentAt.set(id, performance.now());
      await sql`
        insert into public.analytics_events (user_id, event_type, session_id)
        values (${user}, 'page_viewed', ${id})`;
    }));
    if (n % CHANGES_PER_CUT === 0) {
      await sql`select pg_terminate_backend(active_pid) from pg_replication_slots`;
    }
  }
  return expected;
}

async function measure(clients: number, changes: number): Promise<void> {
  await using database = await startTemporaryPostgres();
  const { adminUrl, restUrl: userUrl } = database.access;
  const realtime = createRealtime({ adminUrl, userUrl, jwtCheck: KEYS, onWarning: print });
  const server = Deno.serve({ port: 0, onListen() {} }, (request) => realtime.fetch(request));
  const sql = postgres(adminUrl, { max: 10, onnotice: () => {} });
  const sentAt = new Map<string, number>();
  try {
    const url = `http://127.0.0.1:${server.addr.port}`;
    const joinedAt = performance.now();
    const listeners: Listener[] = [];
    for (let n = 0; n < clients; n++) listeners.push(await openListener(url, sql, sentAt));
    print(`${clients} clients joined in ${Math.round(performance.now() - joinedAt)} ms.`);
    const startedAt = performance.now();
    const expected = await makeChanges(sql, listeners, changes, sentAt);
    const count = () => listeners.reduce((sum, { received }) => sum + received.length, 0);
    await pollUntil(() => count() >= changes, { timeoutMs: TIMEOUT_MS });
    const took = Math.round(performance.now() - startedAt);
    for (const { user, received } of listeners) {
      const [found, wanted] = [received, expected.get(user) ?? []].map((list) =>
        JSON.stringify(list.toSorted())
      );
      if (found !== wanted) throw new Error(`A client received ${found} in place of ${wanted}.`);
    }
    const latencies = listeners.flatMap((listener) => listener.latencies).sort((a, b) => a - b);
    const at = (part: number) => Math.round(latencies[Math.floor(latencies.length * part)] ?? 0);
    print(`${changes} changes were received in ${took} ms, each once, by their seller only.`);
    print(`Wait: median ${at(0.5)} ms, 95 % within ${at(0.95)} ms.`);
    await Promise.all(listeners.map(({ client }) => client.removeAllChannels()));
  } finally {
    await realtime.stop();
    await sql.end();
    await server.shutdown();
  }
}

export default await command(import.meta, {
  name: "bench:realtime",
  help: HELP,
  options: {
    clients: { type: "string", default: "200" },
    changes: { type: "string", default: "1000" },
  },
  run: ({ values }) => measure(Number(values.clients), Number(values.changes)),
});
