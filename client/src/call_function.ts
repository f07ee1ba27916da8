/** Calls a function as the signed-in user. Whatever answers in its place becomes a problem with a code. */
import { isAuthRetryableFetchError, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "./database.ts";
import type { ClientProblem } from "./client_problem.ts";

type Fetch = typeof globalThis.fetch;

const PROBLEM = "application/problem+json";
/** Types of what functions answer if a call succeeds. */
const SUCCESS = ["application/json", "application/octet-stream"];

function toResponse(problem: ClientProblem, headers: HeadersInit = {}): Response {
  const response = new Response(JSON.stringify(problem), { status: problem.status, headers });
  response.headers.set("content-type", PROBLEM);
  return response;
}

function noAnswer(): Response {
  return toResponse({
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    detail: "The backend did not answer. Check your connection, and try again.",
    code: "no_answer",
    request_id: "",
  });
}

function unexpectedAnswer({ ok, status, statusText, headers }: Response): Response {
  const retryAfter = headers.get("retry-after");
  return toResponse({
    type: "about:blank",
    title: ok ? "Bad Gateway" : statusText || "Error",
    status: ok ? 502 : status,
    detail: "The backend cannot be used at the moment. Please try again later.",
    code: "unexpected_answer",
    request_id: headers.get("x-request-id") ?? "",
  }, retryAfter === null ? {} : { "retry-after": retryAfter });
}

function typeOf({ headers }: Response): string {
  return headers.get("content-type")?.split(";")[0]?.trim() ?? "";
}

/** Proxies and the platform answer errors in other types, and hotels their sign-in page with status 200. */
function isOfFunction(response: Response): boolean {
  const type = typeOf(response);
  if (!response.ok) return type === PROBLEM;
  return response.status === 204 || SUCCESS.includes(type);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Also finds an answer that breaks off; a file is left to its caller, who may read it as a stream. */
async function checkAnswer(response: Response): Promise<Response> {
  if (!isOfFunction(response)) {
    await response.body?.cancel();
    return unexpectedAnswer(response);
  }
  if (!typeOf(response).endsWith("json") || isJson(await response.clone().text())) return response;
  return unexpectedAnswer(response);
}

/** Makes the `fetch` of `api`. It rejects only for a call that its caller aborts. */
export function functionCaller(
  supabase: Pick<SupabaseClient<Database>, "auth">,
  fetch: Fetch,
): Fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    try {
      // Renewed by supabase-js when it has expired.
      const { data, error } = await supabase.auth.getSession();
      // Without a token, the function would take a signed-in seller for a visitor.
      if (isAuthRetryableFetchError(error)) return noAnswer();
      const token = data.session?.access_token;
      if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
      return await checkAnswer(await fetch(request));
    } catch (error) {
      if (request.signal.aborted) throw error;
      return noAnswer();
    }
  };
}
