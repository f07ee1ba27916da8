/** Shows every call of the Open API, and every answer, to an observer. */
import type { MiddlewareHandler } from "hono";

export interface ApiCall {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: string;
}

export interface ApiObserver {
  /** A call, before it is checked or meets a fault. */
  call(call: ApiCall): void;
  /** An answer, before a fault changes it. */
  answer(call: Pick<ApiCall, "method" | "path">, status: number, body: string): void;
}

/** The files of labels are not part of the API. */
function isApiPath(path: string): boolean {
  return !path.startsWith("/labels/");
}

/** Goes before the faults. */
export function observeCalls(observer: ApiObserver): MiddlewareHandler {
  return async ({ req }, next) => {
    const { method, path, raw } = req;
    if (!isApiPath(path)) return await next();
    const { searchParams: query } = new URL(raw.url);
    observer.call({ method, path, query, headers: raw.headers, body: await raw.clone().text() });
    await next();
  };
}

/** Goes after the faults. */
export function observeAnswers(observer: ApiObserver): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { method, path } = c.req;
    if (!isApiPath(path)) return;
    observer.answer({ method, path }, c.res.status, await c.res.clone().text());
  };
}
