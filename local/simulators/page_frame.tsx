/** @jsxImportSource hono/jsx */
/** The frame of every simulated page: one style, a mark that nothing here is real, and ways onwards. */
import { createHash } from "node:crypto";
import type { Child } from "hono/jsx";
import { THEME_SCRIPT } from "../console/styles.ts";

export interface SimulatedPage {
  /** Whose page it stands for, e.g. "TikTok Shop". */
  service: string;
  title: string;
  /** @default {200} */
  status?: number;
  children?: Child;
}

/** The console's variables and components, then what only these pages have. */
const STYLE_FILES = [
  ...["tokens", "base", "components", "forms"].map((name) => `../console/styles/${name}.css`),
  "page.css",
];

/** The one text that the policy lets in. */
function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

let styles: { css: string; policy: string } | undefined;

/** Read once. The style stands in the page: a simulator that runs alone serves no style sheet. */
function readStyles(): { css: string; policy: string } {
  if (styles) return styles;
  const css = STYLE_FILES
    .map((file) => Deno.readTextFileSync(new URL(file, import.meta.url))).join("\n");
  const policy = `default-src 'none'; style-src ${hashOf(css)}; script-src ${hashOf(THEME_SCRIPT)}`;
  return styles = { css, policy };
}

function Frame({ service, title, children }: SimulatedPage) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · simulated ${service}`}</title>
        {/* The console's colours, light or dark, on the stack's own port. */}
        <script dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }} />
        <style dangerouslySetInnerHTML={{ __html: readStyles().css }} />
      </head>
      <body class="simulated">
        <header class="simulated-top">
          <strong>{service}</strong>
          <span class="badge warn">Simulated</span>
        </header>
        <main class="simulated-main">
          <h1>{title}</h1>
          {children}
        </main>
        <footer class="simulated-end small muted">
          <p>This page runs on your machine in the place of {service}. Nothing here is real.</p>
          <p>
            <a href="/">Start page</a>
          </p>
        </footer>
      </body>
    </html>
  );
}

export function renderPage(page: SimulatedPage): Response {
  return new Response(`<!doctype html>\n${<Frame {...page} />}`, {
    status: page.status ?? 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": readStyles().policy,
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    },
  });
}

export interface FormButtonProps {
  /** A relative address: it holds under any prefix. */
  action: string;
  /** Hidden fields. */
  fields?: Record<string, string>;
  kind?: "plain" | "danger";
  children?: Child;
}

/** A form with one button. */
export function FormButton({ action, fields = {}, kind, children }: FormButtonProps) {
  return (
    <form method="post" action={action}>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class={`button ${kind ?? ""}`.trim()}>{children}</button>
    </form>
  );
}
