/** @jsxImportSource hono/jsx */
/** TikTok's authorization page: a seller agrees to the app's request or refuses it. */
import { Hono } from "hono";
import * as z from "zod";
import { isCrossSite } from "../control.ts";
import { renderPage } from "../page_frame.tsx";
import { formFields } from "../pages.ts";
import type { AuthorizationAnswer } from "./authorize_redirect.ts";
import type { SimulatedLogin, SimulatedShop, SimulatorState } from "./state.ts";

export interface AuthorizePageOptions {
  state: SimulatorState;
  /** @default {any} */
  serviceId?: string;
  redirectUrl?: string;
  answer: (answer: AuthorizationAnswer) => URL;
  /** A new seller with one shop. */
  addSeller: (name: string, region: string) => SimulatedShop;
}

type Query = Record<string, string>;

const ROLES = { 0: "seller", 1: "creator", 3: "partner" } as const;

/** Regions of new sellers: those with rules of their own. */
const REGIONS = { US: "United States", GB: "United Kingdom", DE: "Germany", VN: "Vietnam" };

const SellerForm = z.object({
  name: z.string().trim().min(1).max(60),
  region: z.enum(Object.keys(REGIONS) as (keyof typeof REGIONS)[]),
});

const service = "TikTok Shop";

function showError(title: string, text: string): Response {
  return renderPage({ service, status: 400, title, children: <p>{text}</p> });
}

/** A relative address: the simulator may be mounted under any prefix. */
function address(path: string, query: Query): string {
  return `authorize/${path}?${new URLSearchParams(query)}`;
}

function Login({ login, shops, request }: {
  login: SimulatedLogin;
  shops: SimulatedShop[];
  request: Query;
}) {
  const names = shops.map(({ name, region, id }) => `${name} (${region}, ${id})`);
  const agree = { ...request, open_id: login.openId, decision: "agree" };
  return (
    <li>
      <span>
        <strong>{login.name}</strong>
        {login.userType !== 0 && `, ${ROLES[login.userType]}`}
        {names.length === 0 && <span class="sub">no shop</span>}
        {names.map((name) => <span key={name} class="sub">{name}</span>)}
      </span>
      <a class="button" href={address("answer", agree)}>Agree</a>
    </li>
  );
}

function NewSeller({ request }: { request: Query }) {
  return (
    <section class="card">
      <h2>Sell as someone new</h2>
      <form class="fields" method="post" action={address("sellers", request)}>
        <div class="field">
          <label for="name">Name of the shop</label>
          <input class="input" id="name" name="name" required maxlength={60} />
        </div>
        <div class="field">
          <label for="region">Country</label>
          <select class="input" id="region" name="region">
            {Object.entries(REGIONS).map(([code, name]) => (
              <option key={code} value={code}>{name}</option>
            ))}
          </select>
        </div>
        <button type="submit" class="button plain">Open the shop</button>
      </form>
    </section>
  );
}

export function authorizePage(options: AuthorizePageOptions): Hono {
  const { state, serviceId, redirectUrl, answer, addSeller } = options;

  /** The error page for a request that TikTok would not show to a seller. */
  function refuseRequest(query: Query): Response | undefined {
    if (serviceId !== undefined && query.service_id !== serviceId) {
      return showError(
        "service does not exist",
        "The service_id of the link belongs to another app. It is not the app key.",
      );
    }
    if (redirectUrl === undefined) {
      return showError(
        "The app has no redirect URL",
        "Partner Center has no redirect URL for the app. Set the simulator's option redirectUrl.",
      );
    }
    return undefined;
  }

  const requestOf = (query: Query): Query => ({
    service_id: query.service_id ?? "",
    ...(query.state && { state: query.state }),
  });

  const app = new Hono();
  app.get("/open/authorize", (c) => {
    const query = c.req.query();
    const refusal = refuseRequest(query);
    if (refusal) return refusal;
    const request = requestOf(query);
    const shopsOf = ({ openId }: SimulatedLogin) =>
      state.all("shops").filter((shop) => shop.openId === openId);
    return renderPage({
      service,
      title: "An app asks for access",
      children: (
        <>
          <p>
            The app with the service_id <code>{request.service_id}</code>{" "}
            asks to read and ship the orders of your shops. Choose as which seller you agree.
          </p>
          <section class="card" aria-label="Sellers">
            <ul class="lines">
              {state.all("logins").map((login) => (
                <Login key={login.openId} login={login} shops={shopsOf(login)} request={request} />
              ))}
            </ul>
          </section>
          <NewSeller request={request} />
          <p class="actions">
            <a class="button plain" href={address("answer", { ...request, decision: "refuse" })}>
              Refuse
            </a>
          </p>
        </>
      ),
    });
  });

  app.post("/open/authorize/sellers", async (c) => {
    const query = c.req.query();
    const refusal = refuseRequest(query);
    if (refusal) return refusal;
    if (isCrossSite(c.req.raw)) return showError("Not opened", "Another site sent this form.");
    const { success, data } = SellerForm.safeParse(await formFields(c.req.raw));
    if (!success) return showError("Not opened", "A shop needs a name and one of the countries.");
    addSeller(data.name, data.region);
    // Back to the page, which now has the seller. Relative to ".../authorize/sellers".
    return c.redirect(`../authorize?${new URLSearchParams(requestOf(query))}`, 303);
  });

  app.get("/open/authorize/answer", (c) => {
    const query = c.req.query();
    const refusal = refuseRequest(query);
    if (refusal) return refusal;
    const { decision, open_id: openId } = query;
    const isKnown = openId !== undefined && state.get("logins", openId) !== undefined;
    if (decision !== "refuse" && !(decision === "agree" && isKnown)) {
      return showError("Unknown answer", "Agree as one of the logins, or refuse.");
    }
    const url = answer({
      decision,
      ...(openId !== undefined && { openId }),
      ...(query.state && { state: query.state }),
    });
    return c.redirect(url.href, 302);
  });
  return app;
}
