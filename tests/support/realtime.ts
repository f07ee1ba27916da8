/** A stand-in for Realtime, which the local stack does not have: it accepts every join and delivers broadcasts. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { ConnectedSeller } from "./shop.ts";
import type { TestStack } from "./stack.ts";

type Row = Record<string, unknown>;

type Frame = [joinRef: string, ref: string, topic: string, event: string, payload: Row];

/** A connection that accepts every join. */
export class FakeSocket extends EventTarget {
  static last: FakeSocket;
  readonly frames: Frame[] = [];
  readyState = 0;
  onopen?: () => void;
  onclose?: (event: unknown) => void;
  onmessage?: (event: { data: string }) => void;

  constructor(readonly url: string) {
    super();
    FakeSocket.last = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(text: string): void {
    const frame = JSON.parse(text) as Frame;
    this.frames.push(frame);
    const [joinRef, ref, topic, event, payload] = frame;
    const config = payload.config as { postgres_changes?: Row[] } | undefined;
    const postgres_changes = config?.postgres_changes?.map((change, id) => ({ id, ...change }));
    const response = event === "phx_join" ? { postgres_changes } : {};
    queueMicrotask(() =>
      this.receive([joinRef, ref, topic, "phx_reply", { status: "ok", response }])
    );
  }

  receive(frame: Frame | [null, null, string, string, Row]): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  close(): void {
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({ code: 1000, wasClean: true }));
  }

  get join(): { topic: string; config: Row; token: unknown } {
    const [, , topic, , { config, access_token }] = this.frames
      .find((frame) => frame[3] === "phx_join") as Frame;
    return { topic, config: config as Row, token: access_token };
  }
}

/** The seller's client, on a fake connection to Realtime. */
export function createLiveClient(stack: TestStack, seller: ConnectedSeller): SupabaseClient {
  return createClient(stack.env.SUPABASE_URL, stack.env.SUPABASE_PUBLISHABLE_KEY, {
    accessToken: () => Promise.resolve(seller.accessToken),
    realtime: { transport: FakeSocket as unknown as typeof WebSocket },
  });
}

/** Delivers the stored broadcasts that this seller may read. Returns their events. */
export async function receiveBroadcasts(
  stack: TestStack,
  seller: ConnectedSeller,
): Promise<string[]> {
  const messages = await stack.sql.begin(async (sql) => {
    await sql`select set_config('realtime.topic', ${`user:${seller.id}`}, true)`;
    const claims = JSON.stringify({ sub: seller.id, role: "authenticated" });
    await sql`
      select set_config('request.jwt.claims', ${claims}, true),
        set_config('request.jwt.claim.sub', ${seller.id}, true)`;
    await sql`set local role authenticated`;
    return await sql`select topic, event, payload from realtime.messages order by inserted_at`;
  });
  for (const { topic, event, payload } of messages) {
    FakeSocket.last.receive([null, null, `realtime:${topic}`, "broadcast", {
      type: "broadcast",
      event,
      payload,
    }]);
  }
  return messages.map((message) => message.event);
}
