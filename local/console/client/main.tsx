/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** Begins the console in the browser. */
import { render } from "hono/jsx/dom";
import { App } from "./app.tsx";
import { takeClaim } from "./claim.ts";
import { startLive, watchSeller } from "./live.ts";
import { startRouter } from "./router.ts";
import { startSession } from "./session.ts";

takeClaim();
startRouter();
startLive();
startSession((session) => void watchSeller(session));
render(<App />, document.querySelector("#root") as HTMLElement);
