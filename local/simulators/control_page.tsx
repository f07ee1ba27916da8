/** @jsxImportSource hono/jsx */
/** `GET /control`: JSON for a program; for a browser a page of the commands, and what the simulator holds. */
import type { Context } from "hono";
import { renderPage } from "./page_frame.tsx";

export interface ControlDescription {
  what: string;
  /** What each command does, behind its body: `{shop_id}: a buyer orders`. */
  control: Record<string, string>;
  /** What the simulator holds. */
  [held: string]: unknown;
}

const EXAMPLE = `curl ADDRESS/control/faults --json '{"kind":"internal","count":1}'`;

function Command({ command, help }: { command: string; help: string }) {
  const [, body, meaning = help] = /^(\{[^}]*\}): ([^]*)$/.exec(help) ?? [];
  return (
    <div>
      <dt>
        <code>{command}</code>
      </dt>
      {body && (
        <dd class="small muted">
          <code>{body}</code>
        </dd>
      )}
      <dd>{meaning}</dd>
    </div>
  );
}

/** @param service Whose simulator it is, e.g. "TikTok Shop". */
export function answerControl(c: Context, service: string, answer: ControlDescription): Response {
  if (!c.req.header("accept")?.includes("text/html")) return c.json(answer);
  const { what, control, ...held } = answer;
  const children = (
    <>
      <p>
        A program sends these commands, with JSON where a body is named; a question mark means that
        the field may be left out. ADDRESS is that of this page up to <code>/control</code>:
      </p>
      <pre>{EXAMPLE}</pre>
      <section class="card">
        <h2>Commands</h2>
        <dl class="commands">
          {Object.entries(control).map(([command, help]) => (
            <Command key={command} command={command} help={help} />
          ))}
        </dl>
      </section>
      <section class="card">
        <h2>What it holds</h2>
        <pre>{JSON.stringify(held, null, 2)}</pre>
      </section>
    </>
  );
  return renderPage({ service, title: what, children });
}
