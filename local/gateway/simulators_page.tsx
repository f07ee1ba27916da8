/** @jsxImportSource hono/jsx */
/** The list of the simulators: the start page of a port with simulators only, and `/simulators`. */
import { renderPage } from "../simulators/page_frame.tsx";

const NAMES: Record<string, string> = {
  tiktok: "TikTok Shop",
  easypost: "EasyPost",
  stripe: "Stripe",
};

export const controlPath = (name: string) => `/simulators/${name}/control`;

function wantsPage(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/html") ?? false;
}

/** `/` of a port with simulators only; `undefined` for every other request. */
export function showSimulators(
  request: Request,
  simulators: Record<string, unknown>,
): Response | undefined {
  if (request.method !== "GET" || new URL(request.url).pathname !== "/") return undefined;
  return wantsPage(request) ? simulatorsPage(simulators) : undefined;
}

/** `/simulators`: a page for a browser, JSON for a program; `undefined` for every other request. */
export function listSimulators(
  request: Request,
  simulators: Record<string, unknown>,
): Response | undefined {
  if (request.method !== "GET" || !/^\/simulators\/?$/.test(new URL(request.url).pathname)) {
    return undefined;
  }
  if (wantsPage(request)) return simulatorsPage(simulators);
  const control = Object.keys(simulators).map((name) => [name, controlPath(name)]);
  return Response.json({ control: Object.fromEntries(control) });
}

function simulatorsPage(simulators: Record<string, unknown>): Response {
  return renderPage({
    service: "CreatorFlow",
    title: "Simulators",
    children: (
      <section class="card">
        <p>
          These services run here in the place of the real ones. Each link lists what a simulator
          can be told to do.
        </p>
        <ul>
          {Object.keys(simulators).map((name) => (
            <li key={name}>
              <a href={controlPath(name)}>{NAMES[name] ?? name}</a>
            </li>
          ))}
        </ul>
      </section>
    ),
  });
}
