/** The one public port: passes each request to REST, Auth, a function or a simulator, by its path. */
import { showApiDocs } from "./api_docs.ts";
import { showApp } from "./app_page.ts";
import { controlPath, listSimulators, showSimulators } from "./simulators_page.tsx";
import type { FunctionConfig } from "../functions/config.ts";
import { REQUEST_ID } from "../functions/forward.ts";
import { foreignHost, isKnownHost } from "./hosts.ts";
import { type JwtCheck, passesJwtCheck } from "./verify_jwt.ts";

export type Fetch = (request: Request) => Response | Promise<Response>;

export interface SimulatorOptions {
  /** By name; each answers under `/simulators/<name>`, and sees its own paths. */
  simulators: Record<string, Fetch>;
  /** Where the functions are, for the app's page. @default {"/functions/v1"} */
  functionsUrl?: string;
  /** Host names that requests may have besides those of this machine. @default {none} */
  allowedHosts?: readonly string[];
}

export interface GatewayOptions extends SimulatorOptions {
  rest: Fetch;
  auth: Fetch;
  functions: Fetch;
  /** The websocket of live updates. */
  realtime: Fetch;
  /** The mails that Auth sent. */
  mailbox: Fetch;
  /** What the console reads past the APIs, under `/console/api`. @default {none} */
  consoleApi?: Fetch;
  /** The console at `/`; `undefined` for a request that is not its own. @default {none} */
  console?: (request: Request) => Promise<Response | undefined>;
  /** The page that a browser gets at an unknown address; `undefined` for a program. @default {none} */
  notFoundPage?: (request: Request) => Response | undefined;
  functionConfig: FunctionConfig[];
  jwtCheck: JwtCheck;
}

const ANY_ORIGIN = { "access-control-allow-origin": "*" };

/** Headers that PostgREST lets pages read. */
const REST_HEADERS = "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, " +
  "Location, Server, Transfer-Encoding, Range-Unit";

/** Headers that Auth lets pages read: its client needs the version to read an error's code. */
const AUTH_HEADERS = "X-Total-Count, Link, X-Supabase-Api-Version";

function answer(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status, headers: ANY_ORIGIN });
}

/** Refuses a request under another name than the stack's. */
async function refuseForeignHost(
  request: Request,
  { allowedHosts }: SimulatorOptions,
): Promise<Response | undefined> {
  const hostname = foreignHost(request, allowedHosts);
  if (hostname === undefined) return undefined;
  await request.body?.cancel();
  if (hostname === "") {
    return answer(400, "INVALID_HOST", "The header Host is not the name of a host.");
  }
  return answer(
    403,
    "FOREIGN_HOST",
    `The local stack does not answer as ${hostname}. If the name is yours, such as that of a tunnel: ` +
      `start with --allow-host ${hostname}`,
  );
}

/** The platform's gateway answers a browser's preflight for its APIs; functions answer their own. */
function answerPreflight(request: Request): Response | undefined {
  const method = request.headers.get("access-control-request-method");
  if (request.method !== "OPTIONS" || method === null) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      ...ANY_ORIGIN,
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "3600",
      vary: "access-control-request-headers",
    },
  });
}

/**
 * What only this machine may use: the console's own API, World among it, what operates the simulators, and the
 * mails, whose links open accounts.
 */
const LOCAL_PATH = /^\/(?:console\/api|simulators\/[a-z]+\/control|mailbox)(?:\/|$)/;

/** As the simulators' routers do: `/%63ontrol` is `/control`. */
function decodeLetters(pathname: string): string {
  return pathname.replace(
    /%([0-7][0-9a-f])/gi,
    (_, code) => String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** A tunnel's name is allowed for webhooks and sellers: the whole internet may use it. */
async function refuseTunnel(request: Request): Promise<Response | undefined> {
  const path = decodeLetters(new URL(request.url).pathname);
  if (!LOCAL_PATH.test(path) || isKnownHost(request)) return undefined;
  await request.body?.cancel();
  return answer(403, "LOCAL_ONLY", "This path answers under the names of this machine only.");
}

/** The platform's gateway lets a browser read every answer of its APIs, errors too. */
async function callApi(request: Request, api: Fetch, readable: string): Promise<Response> {
  const preflight = answerPreflight(request);
  if (preflight) return preflight;
  const response = await api(request);
  if (!response.headers.has("access-control-allow-origin")) {
    response.headers.set("access-control-allow-origin", "*");
  }
  response.headers.set("access-control-expose-headers", readable);
  return response;
}

async function callFunction(request: Request, options: GatewayOptions): Promise<Response> {
  const name = new URL(request.url).pathname.split("/")[3] ?? "";
  const config = options.functionConfig.find((entry) => entry.name === name);
  if (config === undefined) {
    const names = options.functionConfig.map((entry) => entry.name).join(", ");
    return answer(404, "NOT_FOUND", `Unknown function "${name}". The functions are: ${names}.`);
  }
  if (config.verifyJwt && !passesJwtCheck(request, options.jwtCheck)) {
    await request.body?.cancel();
    return answer(
      401,
      "UNAUTHORIZED",
      "Send a user's access token: Authorization: Bearer <token>.",
    );
  }
  return await options.functions(request);
}

/** The same request, as if the service stood at the root of its own host. */
function withoutPrefix(request: Request, prefix: string): Request {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(prefix.length) || "/";
  const { method, headers, body } = request;
  return new Request(url, { method, headers, body });
}

/** The stand-in for the app's page, and the simulators; `undefined` for every other path. */
async function callSimulator(
  request: Request,
  { simulators, functionsUrl }: SimulatorOptions,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  if (pathname === "/app" && request.method === "GET") return showApp(request, functionsUrl);
  const simulator = /^\/simulators\/([a-z]+)(?=\/|$)/.exec(pathname);
  const fetch = simulator?.[1] === undefined ? undefined : simulators[simulator[1]];
  return simulator && fetch ? await fetch(withoutPrefix(request, simulator[0])) : undefined;
}

/** `apis` are other paths that there are, for the message. */
async function answerUnknown(
  request: Request,
  { simulators }: SimulatorOptions,
  apis: string[],
): Promise<Response> {
  await request.body?.cancel();
  const names = Object.keys(simulators).map(controlPath).join(", ");
  const paths = apis.length === 0 ? names : `${apis.join(", ")} or ${names}`;
  return answer(404, "NOT_FOUND", `Unknown path. Try ${paths}.`);
}

/** Returns the handler of a port with simulators only. */
export function createSimulatorGateway(options: SimulatorOptions): Fetch {
  return async (request) =>
    await refuseForeignHost(request, options) ?? showSimulators(request, options.simulators) ??
      listSimulators(request, options.simulators) ??
      await callSimulator(request, options) ?? await answerUnknown(request, options, []);
}

const APIS = [
  "/docs",
  "/openapi.json",
  "/rest/v1/<table>",
  "/auth/v1/<action>",
  "/functions/v1/<name>, such as /functions/v1/health",
  "/realtime/v1/websocket",
];

/** The platform's gateway names each request in its answer; `forward` has named those that reach a function. */
function nameAnswer(answer: Response): Response {
  if (!answer.headers.has(REQUEST_ID)) answer.headers.set(REQUEST_ID, crypto.randomUUID());
  return answer;
}

/** Returns the gateway's handler, for `Deno.serve`. */
export function createGateway(options: GatewayOptions): Fetch {
  return async (request) => {
    const refusal = await refuseForeignHost(request, options) ?? await refuseTunnel(request);
    if (refusal) return refusal;
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/rest/v1/")) {
      return nameAnswer(await callApi(request, options.rest, REST_HEADERS));
    }
    if (pathname.startsWith("/auth/v1/")) {
      return nameAnswer(await callApi(request, options.auth, AUTH_HEADERS));
    }
    if (pathname.startsWith("/functions/v1/")) {
      return nameAnswer(await callFunction(request, options));
    }
    if (pathname === "/realtime/v1/websocket") return await options.realtime(request);
    if (pathname === "/mailbox" && request.method === "GET") return await options.mailbox(request);
    if (pathname.startsWith("/console/api/") && options.consoleApi) {
      return await options.consoleApi(request);
    }
    return await options.console?.(request) ?? await showApiDocs(request) ??
      listSimulators(request, options.simulators) ??
      await callSimulator(request, options) ?? options.notFoundPage?.(request) ??
      await answerUnknown(request, options, APIS);
  };
}
