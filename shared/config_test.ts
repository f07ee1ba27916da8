import assert from "node:assert/strict";
import {
  ConfigError,
  readAppUrl,
  readEasyPostConfig,
  readEasyPostWebhookSecret,
  readEncryptionKeys,
  readStripeConfig,
  readStripeWebhookSecrets,
  readSupabaseConfig,
  readTikTokAuthorizeConfig,
  readTikTokConfig,
  readTikTokCountryParameters,
} from "./config.ts";

const environment = (variables: Record<string, string>) => (name: string) => variables[name];

const SUPABASE = {
  SUPABASE_URL: "http://127.0.0.1:54321/",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_a"}',
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_a","cron":"sb_secret_b"}',
};

Deno.test("readSupabaseConfig() reads the platform's variables", () => {
  assert.deepEqual(readSupabaseConfig(environment(SUPABASE)), {
    url: "http://127.0.0.1:54321",
    publishableKey: "sb_publishable_a",
    secretKey: "sb_secret_a",
    secretKeys: ["sb_secret_a", "sb_secret_b"],
  });
});

Deno.test("SECRET_KEY_NAME chooses the secret key of the backend, and callers may use each", () => {
  const config = readSupabaseConfig(environment({ ...SUPABASE, SECRET_KEY_NAME: "cron" }));
  assert.equal(config.secretKey, "sb_secret_b");
  assert.deepEqual(config.secretKeys, ["sb_secret_a", "sb_secret_b"]);
  assert.throws(
    () => readSupabaseConfig(environment({ ...SUPABASE, SECRET_KEY_NAME: "gone" })),
    /SUPABASE_SECRET_KEYS is not usable.*an entry "gone"/,
  );
  assert.throws(
    () => readSupabaseConfig(environment({ ...SUPABASE, SECRET_KEY_NAME: "sb_secret_A" })),
    /SECRET_KEY_NAME is not the name of an API key/,
  );
});

Deno.test("a missing or wrong variable is named, with the fix and without its value", () => {
  const cases: [() => unknown, RegExp][] = [
    [() => readSupabaseConfig(environment({})), /SUPABASE_SECRET_KEYS is not set\. The platform/],
    [
      () => readSupabaseConfig(environment({ ...SUPABASE, SUPABASE_URL: "nonsense" })),
      /SUPABASE_URL is not an http/,
    ],
    [
      () => readSupabaseConfig(environment({ ...SUPABASE, SUPABASE_SECRET_KEYS: "sb_secret_x" })),
      /SUPABASE_SECRET_KEYS is not usable/,
    ],
    [
      () =>
        readSupabaseConfig(
          environment({ ...SUPABASE, SUPABASE_SECRET_KEYS: '{"cron":"sb_secret_x"}' }),
        ),
      /an entry "default"/,
    ],
    [() => readTikTokConfig(environment({})), /TIKTOK_APP_KEY is not set\. Copy it from/],
  ];
  for (const [read, message] of cases) {
    assert.throws(read, (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /sb_secret_x/);
      return true;
    });
  }
});

Deno.test("readTikTokConfig() uses TikTok's own hosts by default", () => {
  const keys = { TIKTOK_APP_KEY: "key", TIKTOK_APP_SECRET: "secret" };
  assert.equal(
    readTikTokConfig(environment(keys)).apiUrl,
    "https://open-api.tiktokglobalshop.com",
  );
  const other = readTikTokConfig(environment({ ...keys, TIKTOK_API_URL: "http://127.0.0.1:9/x/" }));
  assert.equal(other.apiUrl, "http://127.0.0.1:9/x");
  assert.equal(other.authUrl, "https://auth.tiktok-shops.com");
});

Deno.test("readEncryptionKeys() names the variable and how to make a key", () => {
  assert.throws(() => readEncryptionKeys(environment({})), /ENCRYPTION_KEYS is not set.*openssl/);
  assert.throws(
    () => readEncryptionKeys(environment({ ENCRYPTION_KEYS: "a:AAAA" })),
    /ENCRYPTION_KEYS: Key "a" has 3 bytes, not 32/,
  );
});

const AUTHORIZE = {
  TIKTOK_SERVICE_ID: "7000000000000000001",
  APP_URL: "https://app.example/shops",
};

Deno.test("readTikTokCountryParameters() reads the names of two parameters, which have a default", () => {
  const read = (names: string) =>
    readTikTokCountryParameters(environment({ TIKTOK_COUNTRY_PARAMETERS: names }));
  assert.deepEqual(read("from, to"), { origin: "from", destination: "to" });
  assert.deepEqual(read(""), { origin: "origin_country", destination: "destination_country" });
  for (const wrong of ["from", "from,", "from,to,via", "same,same", "a b,c", "sign&x,y"]) {
    assert.throws(() => read(wrong), /^ConfigError: TIKTOK_COUNTRY_PARAMETERS has to be two names/);
  }
});

Deno.test("readTikTokAuthorizeConfig() uses TikTok's own pages by default", () => {
  assert.deepEqual(readTikTokAuthorizeConfig(environment(AUTHORIZE)), {
    serviceId: "7000000000000000001",
    authorizeUrl: "https://services.tiktokshop.com/open/authorize",
    authorizeUrlUs: "https://services.us.tiktokshop.com/open/authorize",
    appUrl: "https://app.example/shops",
  });
  const row = { ...AUTHORIZE, TIKTOK_AUTHORIZE_URL: "http://127.0.0.1:9/row/" };
  const { authorizeUrl, authorizeUrlUs } = readTikTokAuthorizeConfig(environment(row));
  assert.equal(authorizeUrl, "http://127.0.0.1:9/row/");
  assert.equal(authorizeUrlUs, "https://services.us.tiktokshop.com/open/authorize");
  const us = {
    ...AUTHORIZE,
    TIKTOK_AUTHORIZE_URL_US: "https://services.tiktokshops.us/open/authorize",
  };
  const other = readTikTokAuthorizeConfig(environment(us));
  assert.equal(other.authorizeUrl, "https://services.tiktokshop.com/open/authorize");
  assert.equal(other.authorizeUrlUs, "https://services.tiktokshops.us/open/authorize");
  const empty = { ...AUTHORIZE, TIKTOK_AUTHORIZE_URL: "", TIKTOK_AUTHORIZE_URL_US: "" };
  assert.deepEqual(
    readTikTokAuthorizeConfig(environment(empty)),
    readTikTokAuthorizeConfig(environment(AUTHORIZE)),
  );
});

Deno.test("readTikTokAuthorizeConfig() names a missing or wrong variable, without its value", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ TIKTOK_SERVICE_ID: "" }, /^TIKTOK_SERVICE_ID is not set\. It is in the authorization link/],
    [{ APP_URL: "" }, /^APP_URL is not set\. It is an http\(s\) URL\.$/],
    [{ APP_URL: "app.s3cret.example" }, /^APP_URL is not an http\(s\) URL\.$/],
    [{ APP_URL: "javascript:s3cret" }, /^APP_URL is not an http/],
    [{ TIKTOK_AUTHORIZE_URL: "s3cret" }, /^TIKTOK_AUTHORIZE_URL is not an http/],
    [{ TIKTOK_AUTHORIZE_URL_US: "file:///s3cret" }, /^TIKTOK_AUTHORIZE_URL_US is not an http/],
  ];
  for (const [variables, message] of cases) {
    assert.throws(
      () => readTikTokAuthorizeConfig(environment({ ...AUTHORIZE, ...variables })),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      },
    );
  }
});

Deno.test("readEasyPostConfig() uses EasyPost's own host by default", () => {
  const key = { EASYPOST_API_KEY: "EZTKs3cret" };
  assert.deepEqual(readEasyPostConfig(environment(key)), {
    apiKey: "EZTKs3cret",
    apiUrl: "https://api.easypost.com/v2",
  });
  const other = { ...key, EASYPOST_API_URL: "http://127.0.0.1:9/v2//" };
  assert.equal(readEasyPostConfig(environment(other)).apiUrl, "http://127.0.0.1:9/v2");
  const empty = { ...key, EASYPOST_API_URL: "" };
  assert.equal(readEasyPostConfig(environment(empty)).apiUrl, "https://api.easypost.com/v2");
});

Deno.test("readEasyPostWebhookSecret() returns the secret unchanged, with its spaces", () => {
  for (const secret of ["secret", " s3cret ", "ﬁne-Ünïcode"]) {
    const variables = { EASYPOST_WEBHOOK_SECRET: secret };
    assert.equal(readEasyPostWebhookSecret(environment(variables)), secret);
  }
});

Deno.test("readEasyPostConfig() names a missing or wrong variable, with the fix and without its value", () => {
  const url = { EASYPOST_API_KEY: "EZTKs3cret", EASYPOST_API_URL: "api.s3cret.example" };
  const cases: [() => unknown, RegExp][] = [
    [() => readEasyPostConfig(environment({})), /^EASYPOST_API_KEY is not set\. Copy it from/],
    [
      () => readEasyPostConfig(environment({ EASYPOST_API_KEY: "" })),
      /^EASYPOST_API_KEY is not set\. Copy it from EasyPost's dashboard/,
    ],
    [() => readEasyPostConfig(environment(url)), /^EASYPOST_API_URL is not an http\(s\) URL\.$/],
    [
      () => readEasyPostWebhookSecret(environment({})),
      /^EASYPOST_WEBHOOK_SECRET is not set\. Set the same secret/,
    ],
    [
      () => readEasyPostWebhookSecret(environment({ EASYPOST_WEBHOOK_SECRET: "" })),
      /^EASYPOST_WEBHOOK_SECRET is not set/,
    ],
  ];
  for (const [read, message] of cases) {
    assert.throws(read, (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  }
});

const STRIPE = {
  STRIPE_SECRET_KEY: "sk_test_a1",
  STRIPE_PRICE_STARTER: "price_a",
  STRIPE_PRICE_GROWTH: "price_b",
  STRIPE_PRICE_SCALE: "price_c",
};

/** Each throws a ConfigError with this message, which contains no secret. */
function assertRefused(read: () => unknown, message: RegExp): void {
  assert.throws(read, (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
}

Deno.test("readStripeConfig() reads key and prices, and uses Stripe's own host by default", () => {
  assert.deepEqual(readStripeConfig(environment(STRIPE)), {
    secretKey: "sk_test_a1",
    apiUrl: "https://api.stripe.com",
    prices: { starter: "price_a", growth: "price_b", scale: "price_c" },
    orphanedSubscriptions: "report",
  });
  for (const key of ["sk_test_a1", "sk_live_A_1", "rk_test_a1", "rk_live_a1"]) {
    const variables = {
      ...STRIPE,
      STRIPE_SECRET_KEY: key,
      STRIPE_API_URL: "http://127.0.0.1:9/x//",
    };
    const { secretKey, apiUrl } = readStripeConfig(environment(variables));
    assert.deepEqual([secretKey, apiUrl], [key, "http://127.0.0.1:9/x"]);
  }
});

Deno.test("readStripeConfig() names a missing or wrong variable, without its value", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ STRIPE_SECRET_KEY: "" }, /^STRIPE_SECRET_KEY is not set\. Copy it from Stripe's dashboard/],
    ...[
      "pk_test_s3cret",
      "s3cret",
      "whsec_s3cret",
      "sk_s3cret",
      " sk_test_s3cret",
      "sk_test_",
      "sk_test_s3cret\n",
    ]
      .map((key): [Record<string, string>, RegExp] => [
        { STRIPE_SECRET_KEY: key },
        /^STRIPE_SECRET_KEY is not a secret key: those begin with sk_ or rk_\.$/,
      ]),
    [
      { STRIPE_PRICE_STARTER: "" },
      /^STRIPE_PRICE_STARTER is not set\. It is the id of the plan's price/,
    ],
    [{ STRIPE_PRICE_GROWTH: "" }, /^STRIPE_PRICE_GROWTH is not set/],
    [{ STRIPE_PRICE_SCALE: "" }, /^STRIPE_PRICE_SCALE is not set/],
    [{ STRIPE_PRICE_STARTER: "prod_s3cret" }, /^STRIPE_PRICE_STARTER is not the id of a price\.$/],
    [{ STRIPE_PRICE_SCALE: "price_" }, /^STRIPE_PRICE_SCALE is not the id of a price\.$/],
    [{ STRIPE_PRICE_SCALE: "price_c s3cret" }, /^STRIPE_PRICE_SCALE is not the id/],
    [
      { STRIPE_PRICE_SCALE: "price_a" },
      /^STRIPE_PRICE_STARTER, _GROWTH and _SCALE have to be three/,
    ],
    [{ STRIPE_PRICE_GROWTH: "price_a" }, /have to be three prices\.$/],
    [{ ORPHANED_SUBSCRIPTIONS: "keep" }, /^ORPHANED_SUBSCRIPTIONS is neither report nor cancel/],
    [{ STRIPE_API_URL: "s3cret" }, /^STRIPE_API_URL is not an http\(s\) URL\.$/],
    [{ STRIPE_API_URL: "file:///s3cret" }, /^STRIPE_API_URL is not an http/],
  ];
  for (const [variables, message] of cases) {
    assertRefused(() => readStripeConfig(environment({ ...STRIPE, ...variables })), message);
  }
});

Deno.test("readStripeWebhookSecrets() reads one secret, or several during a change of secrets", () => {
  const read = (text: string) =>
    readStripeWebhookSecrets(environment({ STRIPE_WEBHOOK_SECRET: text }));
  assert.deepEqual(read("whsec_a"), ["whsec_a"]);
  assert.deepEqual(read(" whsec_a , whsec_b/+=,whsec_c "), ["whsec_a", "whsec_b/+=", "whsec_c"]);
  assertRefused(() => read(""), /^STRIPE_WEBHOOK_SECRET is not set\. Copy the signing secret/);
  // An empty secret would accept anyone's signature.
  for (
    const odd of [
      ...[
        ",",
        " ",
        "whsec_s3cret,",
        ",whsec_s3cret",
        "whsec_a,,whsec_b",
        "whsec_",
        "whsec_s3 cret",
      ],
      ...["sk_test_s3cret", "whsec_a,s3cret", "s3cret", "whsec_a;s3cret whsec_b"],
    ]
  ) {
    assertRefused(() => read(odd), /^STRIPE_WEBHOOK_SECRET is not a signing secret\. Copy/);
  }
});

Deno.test("readAppUrl() reads the address of the page unchanged", () => {
  for (const url of ["https://app.example/billing/?a=b#c", "http://127.0.0.1:3000/billing//"]) {
    assert.equal(readAppUrl(environment({ APP_URL: url })), url);
  }
  assertRefused(
    () => readAppUrl(environment({})),
    /^APP_URL is not set\. It is an http\(s\) URL\.$/,
  );
  for (const odd of ["app.s3cret.example", "javascript:s3cret", "//s3cret"]) {
    assertRefused(
      () => readAppUrl(environment({ APP_URL: odd })),
      /^APP_URL is not an http\(s\) URL\.$/,
    );
  }
});
