/** @jsxImportSource hono/jsx */
/** The mailbox as a page: the mails with links that can be clicked. */
import { renderPage } from "../simulators/page_frame.tsx";

export interface Mail {
  to: string;
  subject: string;
  text: string;
  sent_at: string;
}

const LINK = /(https?:\/\/[^\s"'<>)\]]+)/;

/** The text of a mail that was written as HTML. */
function readText(text: string): string {
  return text
    .replace(/<a [^>]*href="([^"]+)"[^>]*>([^<]*)<\/a>/gi, "$2: $1")
    .replace(/<\/(?:p|h\d|div)>|<br\s*\/?>/gi, "\n")
    .replace(/<[^>]+>/g, "")
    .replaceAll("&amp;", "&")
    .trim();
}

function Message({ mail }: { mail: Mail }) {
  const parts = readText(mail.text).split(LINK);
  return (
    <article class="card">
      <h2>{mail.subject}</h2>
      <p class="small muted">
        To {mail.to}, <time datetime={mail.sent_at}>{mail.sent_at.slice(0, 19)} UTC</time>
      </p>
      <pre>{parts.map((part) => LINK.test(part) ? <a key={part} href={part}>{part}</a> : part)}</pre>
    </article>
  );
}

/** @param to The one address whose mails are shown; `undefined` for all. */
export function showMails(mails: readonly Mail[], to: string | undefined): Response {
  const children = (
    <>
      <p>
        {to === undefined ? "Every mail" : <>Mails to {to}</>}{" "}
        that Auth has sent since the stack was started, the newest first.
        {to !== undefined && (
          <>
            {" "}
            <a href="/mailbox">All mails</a>
          </>
        )}
      </p>
      {mails.length === 0 && <p>No mail yet. Reload this page after a sign-up.</p>}
      {mails.map((mail) => <Message key={mail.sent_at} mail={mail} />)}
    </>
  );
  return renderPage({ service: "Mail", title: "Mailbox", children });
}
