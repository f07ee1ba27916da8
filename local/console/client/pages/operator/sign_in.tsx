/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** Where the operator's link leads: its token becomes a cookie that no script can read. */
import { useEffect, useState } from "hono/jsx/dom";
import { ErrorNotice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { callConsole } from "../../console_api.ts";
import { navigate } from "../../router.ts";
import { SignInHelp } from "./operator_frame.tsx";

/** The token leaves the address bar and the history. */
function takeToken(): string {
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname);
  return token;
}

export function SignInPage() {
  const [error, setError] = useState<Error | null>(null);
  const [isWaiting, setWaiting] = useState(true);
  const signIn = async (): Promise<void> => {
    const token = takeToken();
    if (!token) return setWaiting(false);
    setError(null);
    setWaiting(true);
    try {
      await callConsole("session", { method: "POST", body: { token } });
      navigate("/operator/inbox", { replace: true });
    } catch (caught) {
      setError(caught as Error);
      setWaiting(false);
    }
  };
  useEffect(() => {
    void signIn();
    // A second link in the same window changes the fragment only, which loads nothing.
    addEventListener("hashchange", signIn);
    return () => removeEventListener("hashchange", signIn);
  }, []);
  return (
    <Several>
      <PageHead title="Sign in as operator" />
      <ErrorNotice error={error} />
      {isWaiting ? <p role="status">Signing in…</p> : <SignInHelp />}
    </Several>
  );
}
