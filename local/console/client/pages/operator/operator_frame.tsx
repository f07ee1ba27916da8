/** @jsxImportSource hono/jsx/dom */
/** The frame of an operator's page: without a session it says how to get one. */
import type { Child } from "hono/jsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { ErrorNotice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { OPERATOR_SIGNED_OUT } from "../../console_api.ts";
import type { Query } from "../../use_query.ts";

export interface OperatorFrameProps<Data> {
  title: string;
  about?: string;
  query: Query<Data>;
  /** Next to the heading. */
  end?: Child;
  show: (data: Data) => Child;
}

export function SignInHelp() {
  return (
    <Card>
      <EmptyState icon="health" title="For operators" level={2}>
        <p>
          These pages show every seller's events. <code>npx -y deno@2.9.5 task open</code>{" "}
          opens them, in a terminal in the folder of the repository; so does the link after
          "Operator" that <code>task start</code>{" "}
          prints, once. The secret key never reaches the browser.
        </p>
      </EmptyState>
    </Card>
  );
}

export function OperatorFrame<Data>(
  { title, about, query: { data, error }, end, show }: OperatorFrameProps<Data>,
) {
  const isSignedOut = error?.code === OPERATOR_SIGNED_OUT;
  return (
    <Several>
      <PageHead title={title} {...(about && { about })}>
        {!isSignedOut && data !== undefined && end}
      </PageHead>
      {isSignedOut ? <SignInHelp /> : <ErrorNotice error={error} />}
      {!isSignedOut &&
        (data === undefined ? !error && <p class="loading" role="status">Loading…</p> : show(data))}
    </Several>
  );
}
