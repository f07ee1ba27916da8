import assert from "node:assert/strict";
import { Hono } from "hono";
import { Problem } from "../../shared/http/problem.ts";
import { chooseFormat } from "./format.ts";

const app = new Hono();
app.get("/", (c) => c.text(chooseFormat(c)));
app.onError((error, c) => c.text(error instanceof Problem ? error.code : "unexpected"));

/** As Prometheus 3 sends it. */
const PROMETHEUS = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
  "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

Deno.test("the format is the one of the query, else of the header Accept, else JSON", async () => {
  const cases: [query: string, accept: string, format: string][] = [
    ["", "*/*", "json"],
    ["", "application/json", "json"],
    ["", PROMETHEUS, "openmetrics"],
    ["", "application/json;q=0.9, application/openmetrics-text;q=0.1", "json"],
    ["", "text/html", "json"],
    ["?format=openmetrics", "application/json", "openmetrics"],
    ["?format=json", PROMETHEUS, "json"],
    ["?format=xml", "*/*", "invalid_format"],
    ["?format=", "*/*", "invalid_format"],
  ];
  for (const [query, accept, format] of cases) {
    const response = await app.request(`/${query}`, { headers: { accept } });
    assert.equal(await response.text(), format, `${query} ${accept}`);
  }
});
