/** The console of the local stack, at `/`. It is part of no deployment. */
import { createHash } from "node:crypto";
import { bundleClient } from "./bundle_client.ts";
import type { ConsoleConfig } from "./client/config.ts";
import { isPage, PAGE_PATH } from "./client/page_paths.ts";
import { renderPage } from "./page.tsx";
import { readStyles, THEME_SCRIPT } from "./styles.ts";

export interface ConsoleOptions extends ConsoleConfig {
  /** Address of the stack, as its pictures and links name it. */
  apiUrl: string;
}

/** Everything is ours, from this host; `host` as the browser names it, also for the WebSocket. */
function contentPolicy(host: string, apiUrl: string): string {
  const own = `'self' http://${host} ${apiUrl}`;
  return [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"],
    ...["form-action 'none'", "frame-ancestors 'none'", `img-src ${own} data: blob:`],
    `frame-src ${own} blob:`,
    `connect-src 'self' ws://${host} wss://${host}`,
  ].join("; ");
}

const SAFE_HEADERS = {
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
};

/** The browser keeps the file and asks each time whether it has changed. */
function answerFile(
  request: Request,
  type: string,
  body: string | Uint8Array<ArrayBuffer>,
  version = createHash("sha256").update(body).digest("hex").slice(0, 20),
): Response {
  const etag = `"${version}"`;
  const headers = { ...SAFE_HEADERS, etag, "cache-control": "no-cache", "content-type": type };
  if (request.headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(body, { headers });
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#3a53d0"/>
<path d="M9 19.5c2.6 0 3.4-7 7-7s4.4 7 7 7" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>
</svg>`;

const SCRIPT = "text/javascript; charset=utf-8";

const FILES: Record<string, (request: Request) => Promise<Response>> = {
  "/console/app.js": async (request) => {
    const { code, version } = await bundleClient();
    return answerFile(request, SCRIPT, code, version);
  },
  "/console/theme.js": (request) => Promise.resolve(answerFile(request, SCRIPT, THEME_SCRIPT)),
  "/console/style.css": async (request) =>
    answerFile(request, "text/css; charset=utf-8", await readStyles()),
  "/console/icon.svg": (request) => Promise.resolve(answerFile(request, "image/svg+xml", ICON)),
};

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** Whether a browser opens a page: programs get problem JSON there. */
function wantsPage(request: Request): boolean {
  return isRead(request) && (request.headers.get("accept") ?? "").includes("text/html");
}

function showPage(
  request: Request,
  { apiUrl, ...config }: ConsoleOptions,
  status = 200,
): Response {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return new Response(renderPage(config), {
    status,
    headers: {
      ...SAFE_HEADERS,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentPolicy(host, apiUrl),
      "cache-control": "no-store",
    },
  });
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { ...SAFE_HEADERS, location } });
}

export type Console = (request: Request) => Promise<Response | undefined>;

/** Returns what answers the console's paths; `undefined` for every other request. */
export function createConsole(options: ConsoleOptions): Console {
  return async (request) => {
    if (!isRead(request)) return undefined;
    const { pathname } = new URL(request.url);
    const file = FILES[pathname];
    if (file) return await file(request);
    if (!PAGE_PATH.test(pathname) || !wantsPage(request)) return undefined;
    if (/^\/operator\/?$/.test(pathname)) return redirect("/operator/inbox");
    return showPage(request, options, isPage(pathname) ? 200 : 404);
  };
}

/** Returns what answers browsers at an address that nothing else has: the console says so. */
export function createNotFoundPage(
  options: ConsoleOptions,
): (request: Request) => Response | undefined {
  return (request) => wantsPage(request) ? showPage(request, options, 404) : undefined;
}
