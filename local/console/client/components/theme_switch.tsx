/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** Light or dark: the system's choice, until the seller makes one. */
import { Store, useStore } from "../store.ts";
import { Icon } from "./icon.tsx";

const KEY = "creatorflow-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function readTheme(): "light" | "dark" {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** Charts draw again when it changes. */
export const theme = new Store(readTheme());

system.addEventListener("change", () => theme.set(readTheme()));

function switchTheme(): void {
  const next = readTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // The choice holds until the page is left.
  }
  theme.set(next);
}

export function ThemeSwitch() {
  const isDark = useStore(theme) === "dark";
  const text = isDark ? "Light colours" : "Dark colours";
  return (
    <button type="button" class="button quiet" title={text} onClick={switchTheme}>
      <Icon name={isDark ? "sun" : "moon"} />
      <span class="visually-hidden">{text}</span>
    </button>
  );
}
