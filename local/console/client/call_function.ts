/// <reference lib="dom" />
/** Calls an Edge Function as the signed-in seller. */
import { CallError, offlineError } from "./errors.ts";
import { isStarting, noteAnswer, noteSilence } from "./reachable.ts";
import { sentenceFor } from "./sentences.ts";
import { supabase } from "./supabase.ts";

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  /** Makes a repetition safe. */
  idempotencyKey?: string;
}

interface Problem {
  tiktok_order_ids?: string[];
  code?: string;
  detail?: string;
  title?: string;
  message?: string;
}

async function send(path: string, call: Call, token: string | undefined): Promise<Response> {
  const headers = new Headers();
  if (token) headers.set("authorization", `Bearer ${token}`);
  if (call.idempotencyKey) headers.set("idempotency-key", call.idempotencyKey);
  if (call.body !== undefined) headers.set("content-type", "application/json");
  const init: RequestInit = { method: call.method ?? "POST", headers };
  if (call.body !== undefined) init.body = JSON.stringify(call.body);
  try {
    return await fetch(`/functions/v1/${path}`, init);
  } catch {
    noteSilence();
    throw offlineError();
  }
}

/** @throws {CallError} with the problem's code and its sentence */
export async function callFunction<Answer>(path: string, call: Call = {}): Promise<Answer> {
  const { data } = await supabase.auth.getSession();
  const response = await send(path, call, data.session?.access_token);
  const answer = response.status === 204 ? undefined : await response.json().catch(() => ({}));
  if (isStarting(response.status, answer)) {
    noteSilence();
    throw offlineError();
  }
  noteAnswer();
  if (response.ok) return answer as Answer;
  const { code, detail, title, message, ...problem }: Problem = answer;
  const kind = response.status === 401 ? "signed_out" : "refused";
  const sentence = detail ?? message ?? title ?? `The call failed with status ${response.status}.`;
  throw new CallError(
    kind,
    code ?? String(response.status),
    // What TikTok combines while some of it is not stored has a sentence of its own.
    problem.tiktok_order_ids ? sentence : sentenceFor(code ?? "", sentence),
    problem,
  );
}
