/** The style sheet of the console and of the simulated pages: the files of styles/, in this order. */

const FILES = ["tokens", "base", "layout", "components", "forms", "pages"];

export async function readStyles(): Promise<string> {
  const texts = await Promise.all(
    FILES.map((name) => Deno.readTextFile(new URL(`styles/${name}.css`, import.meta.url))),
  );
  return texts.join("\n");
}

/** Runs before the page is drawn, so that it does not flash in the other colours. */
export const THEME_SCRIPT = `"use strict";
try {
  const theme = localStorage.getItem("creatorflow-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* Storage is switched off: the system's colours are used. */ }
`;
