/** Sign-ups with confirmation by mail, as on Supabase; the local stack keeps the mails. */
import assert from "node:assert/strict";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { parse } from "smol-toml";
import { signInSeller } from "../../local/stack/seller.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

const PAGE = "https://app.example/welcome";

interface Mail {
  to: string;
  subject: string;
  text: string;
}

function createBrowser({ env }: TestStack): SupabaseClient {
  return createClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}

async function listMails(stack: TestStack, to: string): Promise<Mail[]> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/mailbox?to=${to}`);
  assert.equal(response.headers.get("access-control-allow-origin"), null);
  return await response.json();
}

/** Opens the link of the newest mail. Returns the address to which it leads. */
async function openLink(stack: TestStack, to: string): Promise<URL> {
  const [mail] = await listMails(stack, to);
  const link = /http\S+\/auth\/v1\/verify\S+/.exec(mail?.text ?? "")?.[0] ?? "";
  assert.ok(link.startsWith(`${stack.env.SUPABASE_URL}/auth/v1/verify?`), `"${mail?.text}"`);
  const response = await fetch(link, { redirect: "manual" });
  await response.body?.cancel();
  return new URL(response.headers.get("location") ?? "");
}

let stack: TestStack;
const lines: string[] = [];

const step = testOnOneStack("sign-ups with confirmation", async () => {
  return stack = await startTestStack({
    confirmEmail: true,
    onMail: (line) => lines.push(line),
    environment: { APP_URL: PAGE },
  });
});

step("a seller confirms the address by the link of a mail before the first sign-in", async () => {
  const email = "ada@example.com";
  const password = "a-password";
  const { auth } = createBrowser(stack);

  const signUp = await auth.signUp({ email, password });
  assert.equal(signUp.error, null);
  assert.equal(signUp.data.session, null);
  const early = await auth.signInWithPassword({ email, password });
  assert.equal(early.error?.code, "email_not_confirmed");

  // The mail is a line in the log and a file that only its owner reads.
  assert.match(lines.join("\n"), /^Mail to ada@example\.com, "Confirm Your Signup": \S+\.txt$/);
  const [file] = await Array.fromAsync(Deno.readDir(`${stack.data}/mails`));
  const path = `${stack.data}/mails/${file?.name}`;
  const { mode } = await Deno.stat(path);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  assert.match(await Deno.readTextFile(path), /^To: ada@example\.com\nSubject: Confirm/);

  const page = await openLink(stack, email);
  assert.equal(page.origin + page.pathname, PAGE);
  assert.match(page.hash, /access_token=/);
  const { data } = await auth.signInWithPassword({ email, password });
  assert.equal(data.user?.email, email);

  await auth.resetPasswordForEmail(email, { redirectTo: "https://elsewhere.example/" });
  const reset = await openLink(stack, email);
  assert.equal(reset.origin, new URL(PAGE).origin, "a foreign page does not get the session");
  assert.deepEqual(await listMails(stack, "bob@example.com"), []);
});

step("the commands of a stack with confirmations sign sellers up, and in again", async () => {
  const first = await signInSeller(stack.env, "bob@example.com", "a-password");
  const again = await signInSeller(stack.env, "bob@example.com", "a-password");
  assert.equal(again.id, first.id);
  const short = await createBrowser(stack).auth.signUp({
    email: "c@example.com",
    password: "short",
  });
  assert.equal(short.error?.code, "weak_password");
});

Deno.test("config.toml gives a project confirmations and a mail server, and holds no secret", async () => {
  const text = await Deno.readTextFile(new URL("../../supabase/config.toml", import.meta.url));
  // deno-lint-ignore no-explicit-any
  const { auth } = parse(text) as any;
  assert.equal(auth.email.enable_confirmations, true);
  assert.equal(auth.site_url, "env(APP_URL)");
  assert.equal(auth.email.smtp.enabled, true);
  for (const name of ["host", "user", "pass", "admin_email"]) {
    assert.match(auth.email.smtp[name], /^env\(SMTP_[A-Z_]+\)$/);
  }
  const page = await Deno.readTextFile(new URL("../../docs/auth.md", import.meta.url));
  for (const [, variable] of text.matchAll(/env\((\w+)\)/g)) {
    assert.ok(page.includes(`\`${variable}\``), `docs/auth.md lacks ${variable}`);
  }
});
