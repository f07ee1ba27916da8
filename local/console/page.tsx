/** @jsxImportSource hono/jsx */
/** The one HTML page of the console; its script draws everything else. */
import type { ConsoleConfig } from "./client/config.ts";

function Shell({ config }: { config: ConsoleConfig }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="creatorflow" content={JSON.stringify(config)} />
        <title>CreatorFlow</title>
        <link rel="icon" href="/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/style.css" />
        <script src="/console/theme.js"></script>
        <script src="/console/app.js" type="module"></script>
      </head>
      <body>
        <div id="root">
          <main class="loading">
            <h1 class="visually-hidden">CreatorFlow</h1>
            <p role="status">Loading the console…</p>
            <noscript>The console needs JavaScript.</noscript>
          </main>
        </div>
      </body>
    </html>
  );
}

export function renderPage(config: ConsoleConfig): string {
  return `<!doctype html>${<Shell config={config} />}`;
}
