/** The file of secrets that `deno task deploy` and `deno task probe` read. */
import assert from "node:assert/strict";
import { readSecrets, REQUIRED } from "../../local/deploy/secrets_file.ts";

/** Secrets of the right form. */
const RIGHT: Record<string, string> = {
  ...Object.fromEntries(REQUIRED.map((name) => [name, "x"])),
  APP_URL: "https://app.example.com",
  STRIPE_SECRET_KEY: "sk_live_x",
  STRIPE_WEBHOOK_SECRET: "whsec_x",
  STRIPE_PRICE_STARTER: "price_1",
  STRIPE_PRICE_GROWTH: "price_2",
  STRIPE_PRICE_SCALE: "price_3",
  ENCRYPTION_KEYS: `k1:${new Uint8Array(32).toBase64()}`,
};

async function readFrom(secrets: Record<string, string>, environment = {}) {
  const path = await Deno.makeTempFile();
  try {
    const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    return await readSecrets(path, environment);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("each required secret is needed by a function, and the others have a default", async () => {
  assert.deepEqual(await readFrom(RIGHT), RIGHT);
  for (const name of REQUIRED) {
    const { [name]: _, ...others } = RIGHT;
    await assert.rejects(readFrom(others), new RegExp(`\nMissing, .*:\n {2}${name} +\\S`));
  }
});

Deno.test("a wrong value is named and not shown; a name that the platform sets is refused", async () => {
  const wrong = { STRIPE_SECRET_KEY: "pk_live_private", ENCRYPTION_KEYS: "k1:c2VjcmV0" };
  await assert.rejects(readFrom({ ...RIGHT, ...wrong }), ({ message }: Error) => {
    assert.match(message, /STRIPE_SECRET_KEY is not a secret key/);
    assert.match(message, /ENCRYPTION_KEYS: /);
    assert.doesNotMatch(message, /pk_live_private|c2VjcmV0/);
    return true;
  });
  await assert.rejects(readFrom({ ...RIGHT, SUPABASE_URL: "x" }), /The platform sets/);
});

Deno.test("an address of the app without https is refused, by name and line", async () => {
  const { APP_URL: _, ...others } = RIGHT;
  for (const APP_URL of ["http://app.example.com", "HTTP://localhost:3000"]) {
    await assert.rejects(readFrom({ APP_URL, ...others }), ({ message }: Error) => {
      assert.match(message, /\nLine 1: APP_URL is not an https address: [^\n]*$/);
      assert.doesNotMatch(message, /localhost|example/);
      return true;
    });
    await assert.rejects(
      readFrom(others, { APP_URL }),
      /\nIn the environment: APP_URL is not an https/,
    );
  }
});

Deno.test("an address of a local simulator is refused: the project's functions cannot call it", async () => {
  const local = "http://127.0.0.1:54321/simulators/x";
  const optional = ["TIKTOK_API_URL", "TIKTOK_AUTH_URL", "TIKTOK_AUTHORIZE_URL_US"];
  for (const name of [...optional, "EASYPOST_API_URL", "STRIPE_API_URL"]) {
    const places = [
      ["In the environment", () => readFrom(RIGHT, { [name]: local })],
      ["Line 1", () => readFrom({ [name]: local, ...RIGHT })],
    ] as const;
    for (const [place, read] of places) {
      await assert.rejects(read, ({ message }: Error) => {
        const [, reason, ...others] = message.split("\n");
        assert.equal(
          reason,
          `${place}: ${name} is not an https address. Unset it, or delete its line: ` +
            "the vendor's own is the default.",
        );
        return others.length === 0;
      });
    }
  }
});

Deno.test("every problem of the file is named at once, with its line or name, and no value", async () => {
  const path = await Deno.makeTempFile();
  const lines = [
    "TIKTOK_APP_KEY",
    'STRIPE_SECRET_KEY="private',
    "FOO=private",
    "SUPABASE_URL=private",
    "APP_URL=private",
    "APP_URL=private",
    "STRIPE_PRICE_STARTER=private",
    "STRIPE_PRICE_GROWTH=private",
    "STRIPE_PRICE_SCALE=price_3",
    "STRIPE_WEBHOOK_SECRET=whsec_pri'vate",
    `ENCRYPTION_KEYS=${RIGHT.ENCRYPTION_KEYS}`,
    "TIKTOK_SERVICE_ID=1",
    "EASYPOST_API_KEY=EZAK",
  ];
  await Deno.writeTextFile(path, lines.join("\n"));
  try {
    await assert.rejects(readSecrets(path, { EASYPOST_API_URL: "private" }), (error: Error) => {
      assert.equal(
        error.message.replaceAll(/^( {2}\w+) .*$/gm, "$1"),
        `The secrets of ${path} are not usable:
Line 1: write NAME=value, with both quotes or none.
Line 2: write NAME=value, with both quotes or none.
Line 3: FOO is not a secret of this backend. Delete the line.
Line 4: The platform sets SUPABASE_URL. Delete the line.
Line 5: APP_URL is not an http(s) URL.
Line 6: APP_URL is set in line 5 already.
Line 7: STRIPE_PRICE_STARTER is not the id of a price.
Line 8: STRIPE_PRICE_GROWTH is not the id of a price.
Line 10: STRIPE_WEBHOOK_SECRET has a line break or a quotation mark.
In the environment: EASYPOST_API_URL is not an http(s) URL.
Missing, add a line NAME=value for each:
  TIKTOK_APP_SECRET
  EASYPOST_WEBHOOK_SECRET`,
      );
      return true;
    });
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a file of secrets that does not exist is said to be missing, with the secrets", async () => {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  const [, ...others] = Object.keys(RIGHT);
  const environment = Object.fromEntries(others.map((name) => [name, RIGHT[name]]));
  await assert.rejects(readSecrets(path, environment), (error: Error) => {
    const [first, second, third, ...rest] = error.message.split("\n");
    assert.deepEqual([first, second, rest], [
      ...[`${path} does not exist.`, "Missing, add a line NAME=value for each:"],
      [],
    ]);
    assert.match(third ?? "", /^ {2}TIKTOK_APP_KEY /);
    return true;
  });
  assert.deepEqual(await readSecrets(path, RIGHT), RIGHT);
});

Deno.test("a variable of the environment takes the place of a line that the file lacks", async () => {
  const { APP_URL, ...others } = RIGHT;
  const environment = { APP_URL, SUPABASE_URL: "x" };
  assert.deepEqual(await readFrom(others, environment), RIGHT);
  assert.deepEqual(await readFrom({ APP_URL: "", ...others }, environment), RIGHT);
});

Deno.test("a variable of the environment that differs from its line is refused, and not shown", async () => {
  const older = `k0:${new Uint8Array(32).fill(1).toBase64()}`;
  const environment = { ENCRYPTION_KEYS: older, APP_URL: RIGHT.APP_URL };
  await assert.rejects(readFrom(RIGHT, environment), ({ message }: Error) => {
    assert.match(
      message,
      /\nLine \d+: ENCRYPTION_KEYS is exported with another value: unset ENCRYPTION_KEYS\.$/,
    );
    return true;
  });
});
