/** @jsxImportSource hono/jsx */
/** The start page of a port with simulators only, to which every simulated page links. */
import { renderPage } from "../simulators/page_frame.tsx";

const NAMES: Record<string, string> = {
  tiktok: "TikTok Shop",
  easypost: "EasyPost",
  stripe: "Stripe",
};

/** `undefined` for every other request. */
export function showSimulators(
  request: Request,
  simulators: Record<string, unknown>,
): Response | undefined {
  if (request.method !== "GET" || new URL(request.url).pathname !== "/") return undefined;
  if (!request.headers.get("accept")?.includes("text/html")) return undefined;
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
              <a href={`/simulators/${name}/control`}>{NAMES[name] ?? name}</a>
            </li>
          ))}
        </ul>
      </section>
    ),
  });
}
