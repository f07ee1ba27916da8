/// <reference lib="dom" />
/** Calls past the APIs that every app has: the console's own, and the simulators' `/control`. */
import { CallError, offlineError } from "./errors.ts";
import { isStarting, noteAnswer, noteSilence } from "./reachable.ts";

/** Code of a call without an operator's session. */
export const OPERATOR_SIGNED_OUT = "operator_signed_out";

interface Refusal {
  code?: string;
  detail?: string;
  /** The error of an answer of `/control`. */
  error?: string;
}

export interface LocalCall {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
}

/** @throws {CallError} */
async function callLocal<Answer>(
  path: string,
  { method = "GET", body }: LocalCall,
): Promise<Answer> {
  const response = await fetch(path, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  }).catch(() => {
    noteSilence();
    throw offlineError();
  });
  const answer = response.status === 204 ? undefined : await response.json().catch(() => ({}));
  if (isStarting(response.status, answer)) {
    noteSilence();
    throw offlineError();
  }
  noteAnswer();
  if (response.ok) return answer as Answer;
  const { code, detail, error }: Refusal = answer;
  const sentence = detail ?? error ?? `The call failed with status ${response.status}.`;
  throw new CallError("refused", code ?? String(response.status), sentence);
}

export function callConsole<Answer>(path: string, call: LocalCall = {}): Promise<Answer> {
  return callLocal(`/console/api/${path}`, call);
}

export type SimulatorName = "tiktok" | "easypost" | "stripe";

/** @throws {CallError} also where an outside service replaces the simulator */
export function callControl<Answer>(
  name: SimulatorName,
  path: string,
  call: LocalCall = {},
): Promise<Answer> {
  return callLocal(`/simulators/${name}/control${path && `/${path}`}`, call);
}
