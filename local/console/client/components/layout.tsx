/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** The frame around every page. */
import type { Child } from "hono/jsx";
import { type Route, type Section, SECTIONS } from "../route.ts";
import { ROUTES } from "../routes.ts";
import { useSession } from "../session.ts";
import { supabase } from "../supabase.ts";
import { Icon } from "./icon.tsx";
import { LiveStatus } from "./live_status.tsx";
import { Several } from "./several.tsx";
import { ThemeSwitch } from "./theme_switch.tsx";
import { Toasts } from "./toast.tsx";

function Brand() {
  return (
    <a class="brand" href="/">
      <img src="/console/icon.svg" alt="" width="24" height="24" />
      <span class="brand-name">CreatorFlow</span>
      <span class="visually-hidden">, start page</span>
    </a>
  );
}

/** The first page of each section that has pages. */
function sectionStarts(): [section: Section, path: string][] {
  return (Object.keys(SECTIONS) as Section[]).flatMap((section): [Section, string][] => {
    const first = ROUTES.find((route) => route.section === section && route.entry);
    return first ? [[section, first.path]] : [];
  });
}

function Sections({ current }: { current: Section | undefined }) {
  const starts = sectionStarts();
  if (starts.length < 2) return null;
  return (
    <nav class="sections" aria-label="Sections">
      {starts.map(([section, path]) => (
        <a key={section} href={path} aria-current={section === current ? "true" : undefined}>
          {SECTIONS[section]}
        </a>
      ))}
    </nav>
  );
}

/** Whether a page, or one below it, is shown. */
function isCurrent(entry: Route, shown: Route): boolean {
  if (entry.path === shown.path) return true;
  const isBase = ROUTES.some(({ entry: other, path }) =>
    other && path.startsWith(`${entry.path}/`)
  );
  return !isBase && shown.path.startsWith(`${entry.path}/`);
}

function Pages({ section, shown }: { section: Section; shown: Route }) {
  const entries = ROUTES.filter((route) => route.section === section && route.entry);
  return (
    <nav class="pages" aria-label={SECTIONS[section]}>
      {entries.map((route) => (
        <a
          key={route.path}
          href={route.path}
          aria-current={isCurrent(route, shown) ? "page" : undefined}
        >
          {route.entry && <Icon name={route.entry.icon} />}
          {route.entry?.label}
        </a>
      ))}
    </nav>
  );
}

function Account() {
  const session = useSession();
  if (!session) return null;
  return (
    <Several>
      <LiveStatus />
      <span class="small muted wide-only" data-testid="account">{session.user.email}</span>
      <button
        type="button"
        class="button quiet"
        title="Sign out"
        onClick={() => void supabase.auth.signOut({ scope: "local" })}
      >
        <Icon name="leave" />
        <span class="visually-hidden">Sign out</span>
      </button>
    </Several>
  );
}

export interface LayoutProps {
  route: Route;
  /** For a page of text and forms. */
  isNarrow: boolean;
  children?: Child;
}

export function Layout({ route, isNarrow, children }: LayoutProps) {
  return (
    <Several>
      <a class="skip" href="#main">Skip to the content</a>
      <div class={isNarrow ? "frame bare" : "frame"}>
        <header class="top">
          <Brand />
          <Sections current={route.section} />
          <div class="top-end">
            <Account />
            <ThemeSwitch />
          </div>
        </header>
        {!isNarrow && route.section && <Pages section={route.section} shown={route} />}
        <main id="main" tabIndex={-1} class={isNarrow ? "main narrow" : "main"}>{children}</main>
      </div>
      <Toasts />
    </Several>
  );
}
