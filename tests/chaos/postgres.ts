/** Stops a stack's own Postgres hard, and measures how long the APIs over it are away. */
import { join } from "node:path";
import type { OwnStack } from "../support/stack.ts";
import { findPlace } from "../../local/postgres/binaries.ts";
import { patiently } from "./patience.ts";

/** Milliseconds from the stop until each answered again. */
export interface Outage {
  postgres: number;
  rest: number;
  auth: number;
}

/** An immediate stop has been seen to take 30 s, where sessions do not end by themselves. */
const OUTAGE_MS = 90_000;

async function postmasterPid(stack: OwnStack): Promise<number> {
  const { data } = await findPlace(stack.data);
  const [pid] = (await Deno.readTextFile(join(data, "postmaster.pid"))).split("\n");
  return Number(pid);
}

async function startTime(stack: OwnStack): Promise<string> {
  const [row] = await stack.sql`select pg_postmaster_start_time()::text as at`;
  return row?.at;
}

async function request(stack: OwnStack, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${stack.env.SUPABASE_URL}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { apikey: stack.env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5000),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
}

/**
 * An immediate stop: every session is cut, nothing is flushed, and the start that follows recovers from
 * the log, as after a power cut. The stack itself starts it again, with the same data and port.
 */
export async function restartPostgres(
  stack: OwnStack,
  seller: { email: string; password: string },
): Promise<Outage> {
  const before = await patiently("ask Postgres since when it runs", () => startTime(stack));
  const stoppedAt = Date.now();
  Deno.kill(await postmasterPid(stack), "SIGQUIT");
  const since = async (what: string, action: () => Promise<void>) => {
    await patiently(what, action, OUTAGE_MS);
    return Date.now() - stoppedAt;
  };
  const postgres = await since("see Postgres start again", async () => {
    stack.reconnect();
    if (await startTime(stack) === before) throw new Error("It has not stopped yet");
  });
  const [rest, auth] = await Promise.all([
    since("reach REST", () => request(stack, "/rest/v1/plans?select=name")),
    since("reach Auth", () => request(stack, "/auth/v1/token?grant_type=password", seller)),
  ]);
  return { postgres, rest, auth };
}
