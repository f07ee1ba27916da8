/** Sellers who listen to live updates, by the real client. */
import { createHmac } from "node:crypto";
import { createClient, type RealtimeChannel, type SupabaseClient } from "@supabase/supabase-js";
import { withTimeout } from "../../local/time/with_timeout.ts";
import type { TestStack } from "./stack.ts";

export type Row = Record<string, unknown>;

export interface LiveSeller {
  id: string;
  /** `tiktok_shops.id` */
  shop: string;
}

const CIPHERTEXT = `v1.test.${"i".repeat(16)}.${"c".repeat(32)}`;

let numbers = 0;
const nextNumber = () => String(7_600_000_000_000_000_000n + BigInt(++numbers));

/** A seller with a shop, past Auth and TikTok. */
export async function addLiveSeller(
  { sql }: TestStack,
  id: string = crypto.randomUUID(),
): Promise<LiveSeller> {
  await sql`insert into auth.users (id, email) values (${id}, ${id + "@example.com"})`;
  await sql`insert into private.tiktok_logins (user_id, open_id) values (${id}, 'open')`;
  const columns = {
    user_id: id,
    shop_id: nextNumber(),
    shop_cipher: "cipher",
    open_id: "open",
    access_token: CIPHERTEXT,
    refresh_token: CIPHERTEXT,
    token_expires_at: "2030-01-01",
    refresh_token_expires_at: "2122-01-01",
  };
  const [shop] = await sql`insert into public.tiktok_shops ${sql(columns)} returning id`;
  return { id, shop: shop?.id };
}

/** Stores an order, past TikTok. Returns its id. */
export async function addOrderRow(
  { sql }: TestStack,
  { id, shop }: LiveSeller,
  columns: Record<string, string> = {},
): Promise<string> {
  const order = {
    user_id: id,
    tiktok_shop_id: shop,
    tiktok_order_id: nextNumber(),
    tiktok_status: "AWAITING_SHIPMENT",
    currency: "USD",
    total_amount: "12.50",
    address_status: "none",
    tiktok_updated_at: "2026-11-01T00:00:00Z",
    ...columns,
  };
  const [row] = await sql`
    insert into public.orders ${sql({ ...order, shipping_address: {}, order_items: [] } as never)}
    returning id`;
  return row?.id;
}

const encode = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value))
    .toBase64({ alphabet: "base64url", omitPadding: true });

/** A user's access token, as Auth signs it. */
export function signToken({ env }: TestStack, userId: string, seconds = 3600): string {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const claims = { sub: userId, role: "authenticated", exp };
  const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  const signature = createHmac("sha256", env.SUPABASE_JWT_SECRET).update(content);
  return `${content}.${signature.digest("base64url")}`;
}

/** The websockets of all clients, the newest last. */
export const sockets: WebSocket[] = [];

class RecordedSocket extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args);
    sockets.push(this);
  }
}

/** A client with this token; without one, as a visitor who has not signed in. It ends with the test. */
export function openClient({ env, opened }: TestStack, token?: string): SupabaseClient {
  const client = createClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    ...(token !== undefined && { accessToken: () => Promise.resolve(token) }),
    auth: { persistSession: false, autoRefreshToken: false },
    // Sooner than the ten seconds of an app.
    realtime: { reconnectAfterMs: () => 20, transport: RecordedSocket },
  });
  opened.defer(async () => void await client.removeAllChannels());
  return client;
}

export interface Change extends Row {
  table: string;
  eventType: string;
  new: Row;
  old: Row;
  errors: string[] | null;
}

/** Joins the channel, and waits until Postgres's changes are on their way to it, too. */
export async function joinChannel(channel: RealtimeChannel): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const hasChanges = "postgres_changes" in channel.bindings;
  channel
    .on("system", {}, ({ extension, status, message }) => {
      if (extension !== "postgres_changes") return;
      if (status === "ok") resolve();
      else reject(new Error(message));
    })
    .subscribe((status, error) => {
      if (status === "SUBSCRIBED" && !hasChanges) resolve();
      if (status === "CHANNEL_ERROR" || status === "TIMED_OUT") reject(error ?? new Error(status));
    });
  await withTimeout(20_000, promise);
}

/** Ends the connection that streams Postgres's changes, until the next; returns whether there was one. */
export async function cutStream({ sql }: TestStack): Promise<boolean> {
  const rows = await sql`
    select pg_terminate_backend(active_pid) from pg_replication_slots
    where database = current_database() and active_pid is not null`;
  return rows.length > 0;
}

/** Every change of these tables that the client receives, as it comes. */
export async function listen(
  client: SupabaseClient,
  filters: { table: string; filter?: string; event?: string }[],
): Promise<Change[]> {
  const changes: Change[] = [];
  // A join that is sent before the token is known stays a visitor's.
  if (client.realtime.accessToken) await client.realtime.setAuth();
  const channel = client.channel("changes");
  for (const filter of filters) {
    channel.on(
      "postgres_changes",
      { event: "*", schema: "public", ...filter } as never,
      (change: Change) => changes.push(change),
    );
  }
  await joinChannel(channel);
  return changes;
}
