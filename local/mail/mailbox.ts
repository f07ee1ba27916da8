/** Keeps the mails of the local Auth where a person can read them: as files, and as a list at `/mailbox`. */
import { join } from "node:path";
import type { EmailDriver, EmailMessage } from "@supabase/lite";
import { writePrivateFile } from "../stack/private_file.ts";
import { type Mail, showMails } from "./mailbox_page.tsx";

const LISTED = 200;

export interface MailboxOptions {
  folder: string;
  /** Site URL of Auth, with which it begins its links. */
  siteUrl: string;
  /** Address of the stack, where the links have to lead. */
  apiUrl: string;
  /** Receives a line about each mail. */
  onMail: (line: string) => void;
}

export class Mailbox implements EmailDriver {
  readonly #options: MailboxOptions;
  readonly #mails: Mail[] = [];
  #count = 0;

  constructor(options: MailboxOptions) {
    this.#options = options;
  }

  async send({ to, subject, text, html }: EmailMessage): Promise<void> {
    const { folder, siteUrl, apiUrl, onMail } = this.#options;
    // @supabase/lite takes the site for the address of Auth.
    const body = (text ?? html ?? "")
      .replaceAll(`${new URL(siteUrl).origin}/auth/v1/`, `${apiUrl}/auth/v1/`);
    const mail = { to, subject, text: body, sent_at: new Date().toISOString() };
    this.#mails.unshift(mail);
    this.#mails.splice(LISTED);
    const name = `${mail.sent_at.replaceAll(/[:.]/g, "-")}-${++this.#count}.txt`;
    const file = join(folder, name);
    const content = `To: ${to}\nSubject: ${subject}\nDate: ${mail.sent_at}\n\n${body}\n`;
    try {
      await Deno.mkdir(folder, { recursive: true });
      await writePrivateFile(file, content);
      onMail(`Mail to ${to}, "${subject}": ${file}`);
    } catch (error) {
      // A full disk must not fail the sign-up.
      const { message } = error as Error;
      onMail(`Mail to ${to}, "${subject}": ${file} was not written (${message}); see /mailbox`);
    }
  }

  /**
   * `GET /mailbox?to=`: the mails since the start of the stack, the newest first; a page for browsers, JSON
   * for programs.
   */
  list(request: Request): Response {
    const to = new URL(request.url).searchParams.get("to")?.toLowerCase();
    const mails = this.#mails.filter((mail) => to === undefined || mail.to === to);
    const isPage = request.headers.get("accept")?.includes("text/html") ?? false;
    if (isPage) return showMails(mails, to);
    return Response.json(mails, {
      headers: { "cache-control": "no-store", vary: "accept" },
    });
  }
}
