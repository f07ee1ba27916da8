/** @jsxImportSource hono/jsx/dom */
/** The seller's first page: what needs attention, the plan, the latest orders. */
import { PageHead } from "../../components/page_head.tsx";

export function OverviewPage() {
  return <PageHead title="Overview" />;
}
