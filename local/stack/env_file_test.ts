import assert from "node:assert/strict";
import { EnvFileError, parseEnvFile, requireUsable } from "./env_file.ts";

Deno.test(".env.local has NAME=value lines, comments, quotes and export", () => {
  const text = [
    "\uFEFF# Stripe's test mode",
    "STRIPE_SECRET_KEY=sk_test_1   # of the sandbox",
    "",
    'STRIPE_API_URL="https://api.stripe.com"\r',
    "export STRIPE_WEBHOOK_SECRET='whsec_#1'",
    "  TIKTOK_APP_KEY =  a=b ",
    "EASYPOST_API_KEY=",
    "OTEL_DENO=true",
  ].join("\n");
  const { variables, warnings } = parseEnvFile(text, ".env.local");
  assert.deepEqual({ variables, warnings }, {
    variables: {
      STRIPE_SECRET_KEY: "sk_test_1",
      STRIPE_API_URL: "https://api.stripe.com",
      STRIPE_WEBHOOK_SECRET: "whsec_#1",
      TIKTOK_APP_KEY: "a=b",
      EASYPOST_API_KEY: "",
      OTEL_DENO: "true",
    },
    warnings: [],
  });
});

Deno.test("attack: a bad line of .env.local is named by its number, never with its value", () => {
  const bad = [
    "sk_live_secret",
    'STRIPE_SECRET_KEY="sk_live_secret',
    "STRIPE_SECRET_KEY='sk_live_secret' more",
    "STRIPE-KEY=sk_live_secret",
    "=sk_live_secret",
    "STRIPE_SECRET_KEY sk_live_secret",
    "STRIPE_API_URL=sk_live_secret",
  ];
  for (const line of bad) {
    assert.throws(
      () => parseEnvFile(`STRIPE_API_URL=https://api.stripe.com\n\n${line}\n`, ".env.local"),
      (error: Error) => {
        assert.ok(error instanceof EnvFileError);
        assert.match(error.message, /^\.env\.local, line 3: .* Nothing was started\.$/);
        assert.doesNotMatch(error.message, /sk_live/);
        return true;
      },
      line,
    );
  }
});

Deno.test("every bad line of .env.local is named at once", () => {
  const text = "STRIPE_API_URL\nAPP_URL=x\nAPP_URL=y\n";
  assert.throws(() => parseEnvFile(text, ".env.local"), {
    message: ".env.local, line 1: write NAME=value, with both quotes or none.\n" +
      ".env.local, line 3: APP_URL is set in line 2 already. Nothing was started.",
  });
});

Deno.test("an unknown name in .env.local, and one that the stack sets itself, is named and ignored", () => {
  const { variables, warnings } = parseEnvFile("STRIPE_KEY=sk_1\nSUPABASE_URL=x\n", ".env.local");
  assert.deepEqual(variables, {});
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? "", /^\.env\.local, line 1: STRIPE_KEY is unknown, and is ignored\./);
  assert.match(warnings[1] ?? "", /^\.env\.local, line 2: SUPABASE_URL is the stack's own address/);
  assert.doesNotMatch(warnings.join(), /sk_1/);
});

Deno.test("every value that is not usable is named at once, with its place, and not shown", async () => {
  const text = [
    "ENCRYPTION_KEYS=private",
    "APP_URL=https://app.example.com",
    "STRIPE_SECRET_KEY=private",
    "TIKTOK_API_URL=https://tiktok.example.com",
    "SUPABASE_DB_URL=private",
  ].join("\n");
  const file = parseEnvFile(text, "settings.env");
  const environment = { TIKTOK_API_URL: "private", STRIPE_PRICE_STARTER: "price_1" };
  await assert.rejects(requireUsable(file, environment), (error: Error) => {
    assert.ok(error instanceof EnvFileError);
    const { message } = error;
    assert.deepEqual(message.match(/^.*?: [A-Z_]+/gm), [
      "settings.env, line 1: ENCRYPTION_KEYS",
      "settings.env, line 3: STRIPE_SECRET_KEY",
      "settings.env, line 5: SUPABASE_DB_URL",
      "In the environment: TIKTOK_API_URL",
    ]);
    assert.match(message, / Nothing was started\.$/);
    assert.doesNotMatch(message, /private/);
    return true;
  });
  const usable = parseEnvFile("APP_URL=https://app.example.com\nEASYPOST_API_KEY=\n", "f");
  assert.deepEqual(await requireUsable(usable, { APP_URL: "http://localhost:3000" }), {
    ...{ APP_URL: "http://localhost:3000", EASYPOST_API_KEY: "" },
  });
});
