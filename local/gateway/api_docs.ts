/** `/openapi.json`, and `/docs`: the same as a page, by Swagger UI from this origin. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Never called: Deno installs only packages whose import it can see. */
export const viewerPackage = () =>
  import("swagger-ui-dist/package.json", { with: { type: "json" } });

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);

/** In the colours of the console, or of the system. */
const START = `let theme = null;
try {
  theme = localStorage.getItem("creatorflow-theme");
} catch { /* Storage is switched off. */ }
theme ??= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.classList.toggle("dark-mode", theme === "dark");
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CreatorFlow API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body style="margin: 0">
<nav class="swagger-ui"><div class="wrapper"><p style="margin: 1.5rem 0 0"><a href="/">CreatorFlow console</a></p></div></nav>
<main id="docs"></main>
<noscript>The description of the API: <a href="/openapi.json">/openapi.json</a></noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** Styles are set by script; nothing comes from another origin. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

/** Files of the package, with their types. */
const ASSETS: Record<string, string> = {
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "swagger-ui.css": "text/css; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

function respond(body: BodyInit, type: string, headers: Record<string, string> = {}): Response {
  return new Response(body, {
    headers: { "content-type": type, "x-content-type-options": "nosniff", ...headers },
  });
}

async function readAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = dirname(
    createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"),
  );
  return await Deno.readFile(join(folder, name));
}

/** `undefined` for other paths. */
export async function showApiDocs(request: Request): Promise<Response | undefined> {
  if (request.method !== "GET") return undefined;
  const { pathname } = new URL(request.url);
  if (pathname === "/openapi.json") {
    const headers = { "access-control-allow-origin": "*", "cache-control": "no-cache" };
    return respond(await Deno.readFile(DOCUMENT), "application/json", headers);
  }
  if (pathname === "/docs" || pathname === "/docs/") {
    return respond(PAGE, "text/html; charset=utf-8", { "content-security-policy": POLICY });
  }
  if (pathname === "/docs/start.js") return respond(START, "text/javascript; charset=utf-8");
  const name = /^\/docs\/([\w.-]+)$/.exec(pathname)?.[1] ?? "";
  const type = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (type === undefined) return undefined;
  return respond(await readAsset(name), type, { "cache-control": "max-age=3600" });
}
