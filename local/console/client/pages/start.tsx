/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** The first page: what this is, and how to begin. */
import { useState } from "../hooks.ts";
import { Card } from "../components/card.tsx";
import { Field, Form } from "../components/field.tsx";
import { Notice } from "../components/notice.tsx";
import { Several } from "../components/several.tsx";
import type { FieldErrors } from "../field_errors.ts";
import { navigate } from "../router.ts";
import { useSession } from "../session.ts";
import { supabase } from "../supabase.ts";
import { ConfirmMail } from "./start/confirm_mail.tsx";
import { SampleSellers } from "./start/sample_sellers.tsx";

/** A page that needed a seller shows the start page in its place, and goes on automatically. */
function openSeller(): void {
  if (location.pathname === "/") navigate("/seller");
}

const KNOWN_ADDRESS = "This address has signed up before: sign in, or open the link in its mail.";

/**
 * Auth sends no second mail to an address that waits for its confirmation, and says only that it is too
 * early for one.
 */
const KNOWN_CODES = ["over_email_send_rate_limit", "user_already_exists"];

/** The field that an error is about. */
const FIELDS: Record<string, string> = {
  over_email_send_rate_limit: "email",
  user_already_exists: "email",
  validation_failed: "email",
  email_address_invalid: "email",
  weak_password: "password",
};

interface AuthFailure {
  message: string;
  code?: string | undefined;
}

/** What Auth refuses, at the field that it is about. */
function readFailure({ code = "", message }: AuthFailure): FieldErrors {
  return { [FIELDS[code] ?? "form"]: KNOWN_CODES.includes(code) ? KNOWN_ADDRESS : message };
}

function SignIn({ onSent }: { onSent: (email: string) => void }) {
  const [isNew, setNew] = useState(true);
  const [errors, setErrors] = useState<FieldErrors>({});
  const submit = async ({ email = "", password = "" }: Record<string, string>): Promise<void> => {
    setErrors({});
    const { data, error } = isNew
      ? await supabase.auth.signUp({ email, password })
      : await supabase.auth.signInWithPassword({ email, password });
    if (error) setErrors(readFailure(error));
    else if (data.session) openSeller();
    else onSent(email);
  };
  return (
    <Card title={isNew ? "Sign up" : "Sign in"}>
      <Form onSubmit={(values) => void submit(values)}>
        <Field
          label="E-mail"
          name="email"
          type="email"
          autocomplete="email"
          placeholder="you@example.com"
          {...(isNew && { hint: "Any address: the mail stays in the local mailbox." })}
          error={errors.email}
          isRequired
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete={isNew ? "new-password" : "current-password"}
          minLength={8}
          {...(isNew && { hint: "8 characters or more." })}
          error={errors.password}
          isRequired
        />
        {errors.form && <Notice tone="bad">{errors.form}</Notice>}
        <div class="row">
          <button class="button" type="submit">{isNew ? "Create account" : "Sign in"}</button>
          <button class="button quiet" type="button" onClick={() => setNew(!isNew)}>
            {isNew ? "I have an account" : "I am new here"}
          </button>
        </div>
      </Form>
    </Card>
  );
}

function SignedIn({ email }: { email: string | undefined }) {
  return (
    <Card title={`Signed in as ${email}`}>
      <div class="row">
        <a class="button" href="/seller">Open your orders</a>
        <button
          type="button"
          class="button plain"
          onClick={() => void supabase.auth.signOut({ scope: "local" })}
        >
          Sign out
        </button>
      </div>
    </Card>
  );
}

export function StartPage() {
  const session = useSession();
  const [sentTo, setSentTo] = useState<string | null>(null);
  return (
    <Several>
      <div class="hero">
        <h1>Every TikTok Shop order in one place</h1>
        <p class="lead">
          CreatorFlow receives the orders of TikTok shops within seconds, buys their shipping
          labels, and bills a monthly plan. It runs here on your machine, against a simulated
          TikTok, EasyPost and Stripe.
        </p>
      </div>
      {session
        ? <SignedIn email={session.user.email} />
        : sentTo !== null
        ? <ConfirmMail email={sentTo} onBack={() => setSentTo(null)} />
        : (
          <div class="grid two">
            <SignIn onSent={setSentTo} />
            <SampleSellers onSignedIn={openSeller} />
          </div>
        )}
      <p class="small muted">
        Also here: <a href="/docs">the API for front ends</a>, and{" "}
        <a href="/mailbox">the mailbox</a> with the mails that Auth sent.
      </p>
    </Several>
  );
}
