/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** Waits for the mail that confirms a new account, and shows its link. */
import { useEffect } from "hono/jsx/dom";
import { useState } from "../../hooks.ts";
import { Card } from "../../components/card.tsx";
import { Icon } from "../../components/icon.tsx";
import { findConfirmation } from "../../mailbox.ts";

const LOOK_MS = 1000;

export function ConfirmMail({ email, onBack }: { email: string; onBack: () => void }) {
  const [link, setLink] = useState<string | undefined>(undefined);
  useEffect(() => {
    const look = async (): Promise<void> => {
      // While the stack does not answer there is no mail either.
      setLink(await findConfirmation(email).catch(() => undefined));
    };
    void look();
    const looking = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(looking);
  }, [email]);
  return (
    <Card title="Confirm your address">
      <p>
        A mail with a link went to <strong>{email}</strong>. On this stack it stays in{" "}
        <a href={`/mailbox?to=${encodeURIComponent(email)}`}>the local mailbox</a>.
      </p>
      <div class="row">
        {link === undefined
          ? <span class="muted" role="status">Waiting for the mail…</span>
          : (
            <a class="button" href={link}>
              <Icon name="mail" />Open the link in the mail
            </a>
          )}
        <button type="button" class="button quiet" onClick={onBack}>Use another address</button>
      </div>
    </Card>
  );
}
