/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** Chooses the page by the address, and puts it into the frame. */
import { useEffect, useRef } from "hono/jsx/dom";
import { Layout } from "./components/layout.tsx";
import { PageGuard } from "./components/page_guard.tsx";
import { NotFoundPage } from "./pages/not_found.tsx";
import { StartPage } from "./pages/start.tsx";
import type { Route } from "./route.ts";
import { matchPath, useAddress } from "./router.ts";
import { ROUTES } from "./routes.ts";
import { useSession } from "./session.ts";

interface Found {
  route: Route;
  params: Record<string, string>;
}

const NOT_FOUND: Found = {
  route: { path: "", title: "Not found", page: NotFoundPage },
  params: {},
};

function findPage(path: string): Found {
  for (const route of ROUTES) {
    const params = matchPath(route.path, path);
    if (params) return { route, params };
  }
  return NOT_FOUND;
}

/** Keyboards and screen readers go on at the new page's beginning. */
function useFocusOnChange(path: string): void {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    document.querySelector<HTMLElement>("#main")?.focus({ preventScroll: true });
  }, [path]);
}

export function App() {
  const { pathname } = useAddress();
  const session = useSession();
  const { route, params } = findPage(pathname);
  useFocusOnChange(pathname);
  const needsSignIn = route.isForSellers === true && session === null;
  const shown = needsSignIn ? { ...route, title: "Sign in", page: StartPage } : route;
  useEffect(() => {
    document.title = shown.path === "/" ? "CreatorFlow" : `${shown.title} · CreatorFlow`;
  }, [shown.title, shown.path]);
  const Page = shown.page;
  return (
    <Layout route={shown} isNarrow={shown.section === undefined || needsSignIn}>
      {session === undefined
        ? <p class="loading" role="status">Loading…</p>
        : (
          <PageGuard key={`${pathname}:${session?.user.id ?? ""}`}>
            <Page params={params} />
          </PageGuard>
        )}
    </Layout>
  );
}
