/** @jsxImportSource hono/jsx/dom */
/** Keeps the frame when a page fails to draw itself: the library would drop the error silently. */
import type { Child } from "hono/jsx";
import { ErrorBoundary } from "hono/jsx/dom";
import { Notice } from "./notice.tsx";

function Failed() {
  return (
    <Notice tone="bad">This page could not be shown. The browser's console has the error.</Notice>
  );
}

export function PageGuard({ children }: { children?: Child }) {
  return (
    <ErrorBoundary onError={(error) => reportError(error)} fallbackRender={() => <Failed />}>
      {children}
    </ErrorBoundary>
  );
}
