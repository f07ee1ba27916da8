/// <reference lib="dom" />
/** Addresses of the console's pages, without reloading. */
import { PAGE_PATH } from "./page_paths.ts";
import { Store, useStore } from "./store.ts";

const readAddress = (): string => location.pathname + location.search;

const address = new Store(readAddress());

const notify = (): void => address.set(readAddress());

/** @param replace Whether the present address leaves the history. */
export function navigate(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  notify();
}

/** Path and query of the address. */
export function useAddress(): URL {
  return new URL(useStore(address), location.origin);
}

/** Sets parameters of the address; `null` removes one. */
export function setParameters(values: Record<string, string | null>): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  navigate(url.pathname + url.search, { replace: true });
}

function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.defaultPrevented &&
    !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

function followLink(event: MouseEvent): void {
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.hasAttribute("download") || !isPlainClick(event)) return;
  if (link.origin !== location.origin || !PAGE_PATH.test(link.pathname)) return;
  // A link to a place on the same page.
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  if (link.href !== location.href) navigate(link.pathname + link.search);
}

/** Begins to follow links and the browser's own buttons. */
export function startRouter(): void {
  addEventListener("popstate", notify);
  document.addEventListener("click", followLink);
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    // `%` alone, which a person may type.
    return undefined;
  }
}

/** Parameters of `/seller/orders/:id` in a path, or `undefined` where it does not match. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = (path.replace(/\/$/, "") || "/").split("/");
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] as string;
    const text = decodePart(value);
    if (text === undefined || (!part.startsWith(":") && part !== text)) return undefined;
    if (part.startsWith(":")) parameters[part.slice(1)] = text;
  }
  return parameters;
}
