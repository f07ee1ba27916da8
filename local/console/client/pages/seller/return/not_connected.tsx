/** @jsxImportSource hono/jsx/dom */
/** Says why no shop was connected, with the way to begin again. */
import { Card } from "../../../components/card.tsx";
import { PageHead } from "../../../components/page_head.tsx";
import { Several } from "../../../components/several.tsx";

export function NotConnected(
  { title = "Not connected", text }: { title?: string; text: string },
) {
  return (
    <Several>
      <PageHead title={title} />
      <Card>
        <p role="alert">{text}</p>
        <div>
          <a class="button" href="/seller/shops">Back to your shops</a>
        </div>
      </Card>
    </Several>
  );
}
