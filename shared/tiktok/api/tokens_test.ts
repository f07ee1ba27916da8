import assert from "node:assert/strict";
import { TikTokError } from "./errors.ts";
import { exchangeAuthCode, NotASellerError, refreshTokens } from "./tokens.ts";

const SECRET = "0123456789abcdef0123456789abcdef01234567";
const CODE = `TTP_${"cOdE-x_y".repeat(16)}+/=`;
const REFRESH_TOKEN = `ROW_${"rEfResh_".repeat(12)}`;
/** Secrets, as they are and URL-encoded. */
const SECRETS = [SECRET, CODE, REFRESH_TOKEN, encodeURIComponent(CODE)];

const CONFIG = { appKey: "cf_app_key", appSecret: SECRET, apiUrl: "http://127.0.0.1:1" };

const GRANT = {
  access_token: "TTP_access",
  access_token_expire_in: 1_790_604_800,
  refresh_token: "TTP_refresh",
  refresh_token_expire_in: 4_818_450_857,
  open_id: "open-_1",
  user_type: 0,
  granted_scopes: ["seller.order.info"],
};

const granting = (changes = {}) => () =>
  Response.json({ code: 0, message: "success", data: { ...GRANT, ...changes } });

type Config = Parameters<typeof exchangeAuthCode>[0];

const exchange = (config: Config) => exchangeAuthCode(config, CODE);
const refresh = (config: Config) => refreshTokens(config, REFRESH_TOKEN);

/** An auth host with one response, and the requests that it received. */
async function withAuthHost(
  answer: (url: URL) => Response | Promise<Response>,
  use: (config: Config, requests: { method: string; url: URL; body: string }[]) => Promise<void>,
): Promise<void> {
  const requests: { method: string; url: URL; body: string }[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const url = new URL(request.url);
      requests.push({ method: request.method, url, body: await request.text() });
      return await answer(url);
    },
  );
  try {
    await use({ ...CONFIG, authUrl: `http://127.0.0.1:${server.addr.port}` }, requests);
  } finally {
    await server.shutdown();
  }
}

/** The error of a call; neither it nor its cause contains a secret in any printable property. */
async function errorOf(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(() => undefined, (error) => error);
  assert.ok(error instanceof Error, "it was a success");
  for (let link: unknown = error; link !== undefined; link = (link as Error).cause) {
    const { name, message, stack } = link as Error;
    const shown = [
      name,
      message,
      stack,
      String(link),
      JSON.stringify(link),
      Deno.inspect(link, { depth: 20, showHidden: true, strAbbreviateSize: Infinity }),
    ].join("\n");
    for (const secret of SECRETS) assert.ok(!shown.includes(secret), shown);
    assert.doesNotMatch(shown, /app_secret|auth_code=|refresh_token=|http:/);
  }
  return error;
}

async function tikTokErrorOf(call: Promise<unknown>): Promise<TikTokError> {
  const error = await errorOf(call);
  assert.ok(error instanceof TikTokError, String(error));
  return error;
}

Deno.test("a code is exchanged by one GET with everything in the query", async () => {
  await withAuthHost(granting({ later: {} }), async (config, requests) => {
    const before = Date.now();
    const { requestedAt, ...grant } = await exchange(config);
    assert.ok(requestedAt >= before && requestedAt <= Date.now());
    assert.deepEqual(grant, {
      accessToken: "TTP_access",
      accessTokenExpiresAt: 1_790_604_800,
      refreshToken: "TTP_refresh",
      refreshTokenExpiresAt: 4_818_450_857,
      openId: "open-_1",
      scopes: ["seller.order.info"],
    });
    const [{ method, url, body }] = requests as [typeof requests[0] & object];
    assert.deepEqual([requests.length, method, body], [1, "GET", ""]);
    assert.equal(url.pathname, "/api/v2/token/get");
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      app_key: "cf_app_key",
      app_secret: SECRET,
      auth_code: CODE,
      grant_type: "authorized_code",
    });
  });
});

Deno.test("a refresh token is exchanged by one GET with everything in the query", async () => {
  await withAuthHost(granting(), async (config, requests) => {
    assert.equal((await refresh(config)).refreshToken, "TTP_refresh");
    const [{ method, url, body }] = requests as [typeof requests[0] & object];
    assert.deepEqual([requests.length, method, body], [1, "GET", ""]);
    assert.equal(url.pathname, "/api/v2/token/refresh");
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      app_key: "cf_app_key",
      app_secret: SECRET,
      refresh_token: REFRESH_TOKEN,
      grant_type: "refresh_token",
    });
  });
});

Deno.test("absent scopes are an empty list, and an absent user type is null", async () => {
  for (const missing of [undefined, null]) {
    const changes = { granted_scopes: missing, user_type: missing, seller_name: null };
    await withAuthHost(granting(changes), async (config) => {
      assert.deepEqual((await exchange(config)).scopes, []);
    });
  }
});

Deno.test("empty text is absent in a grant: no scopes, no user type, no owner", async () => {
  const empty = { granted_scopes: "", user_type: "" };
  await withAuthHost(granting(empty), async (config) => {
    assert.deepEqual((await exchange(config)).scopes, []);
  });
  await withAuthHost(granting({ open_id: "" }), async (config) => {
    assert.match((await errorOf(exchange(config))).message, /names no login/);
  });
});

Deno.test("numbers as digits, and scopes that are no list, do not lose the only copy of a pair", async () => {
  const odd = {
    access_token_expire_in: "1790604800",
    refresh_token_expire_in: "4818450857",
    user_type: "0",
    granted_scopes: "seller.order.info",
  };
  await withAuthHost(granting(odd), async (config) => {
    for (const call of [exchange, refresh]) {
      const { accessTokenExpiresAt, refreshTokenExpiresAt, scopes } = await call(config);
      assert.deepEqual([accessTokenExpiresAt, refreshTokenExpiresAt], [1790604800, 4818450857]);
      assert.deepEqual(scopes, []);
    }
  });
});

Deno.test("a creator's and a partner's login are refused", async () => {
  for (const user_type of [1, 3, "1"]) {
    await withAuthHost(granting({ user_type }), async (config, requests) => {
      assert.ok(await errorOf(exchange(config)) instanceof NotASellerError);
      assert.equal(requests.length, 1);
    });
  }
});

Deno.test("an error in HTTP 200 has TikTok's code, and is not retried", async () => {
  for (const code of [36004001, 36004004, 36004005, 98001004, 36009003]) {
    for (const call of [exchange, refresh]) {
      await withAuthHost(
        () => Response.json({ code, message: "invalid auth code", request_id: "r1" }),
        async (config, requests) => {
          const error = await tikTokErrorOf(call(config));
          assert.equal(error.code, code);
          assert.match(error.message, /^TikTok \d+ \(\/api\/v2\/token\/(get|refresh)\)$/);
          assert.equal(requests.length, 1);
        },
      );
    }
  }
});

Deno.test("an error that quotes the request does not disclose its secrets", async () => {
  const echo = ({ searchParams }: URL) =>
    Response.json({
      code: 36004004,
      message: `bad: ${[...searchParams.values()].join(" ")}`,
      request_id: searchParams.get("app_secret"),
    });
  const pages = [
    echo,
    (url: URL) => new Response(`<html>${url.href}`, { status: 502 }),
    (url: URL) => Response.json({ code: 0, data: { access_token: [url.href] } }),
    (url: URL) => Response.json({ code: 0, data: url.href }),
  ];
  for (const answer of pages) {
    for (const call of [exchange, refresh]) {
      await withAuthHost(answer, async (config) => {
        await tikTokErrorOf(call(config));
      });
    }
  }
});

Deno.test("a proxy's page has no code, and its Retry-After is kept", async () => {
  const headers = { "content-type": "text/html", "retry-after": "9" };
  await withAuthHost(
    () => new Response("<html>Bad Gateway", { status: 502, headers }),
    async (config, requests) => {
      const error = await tikTokErrorOf(refresh(config));
      assert.deepEqual([error.code, error.status, error.retryAfterSeconds], [0, 502, 9]);
      assert.equal(requests.length, 1);
    },
  );
});

Deno.test("tokens without an owner are not a grant, but a valid refresh", async () => {
  await withAuthHost(granting({ open_id: null, user_type: 1 }), async (config) => {
    assert.equal((await refreshTokens(config, "TTP_old")).accessToken.length > 0, true);
  });
  await withAuthHost(granting({ open_id: null }), async (config) => {
    assert.match((await tikTokErrorOf(exchange(config))).message, /names no login/);
  });
});

Deno.test("an incomplete grant is refused", async () => {
  const halves = [
    { access_token: "" },
    { refresh_token: undefined },
    { refresh_token_expire_in: 0 },
    { access_token_expire_in: "soon" },
  ];
  for (const half of halves) {
    await withAuthHost(granting(half), async (config) => {
      const error = await tikTokErrorOf(exchange(config));
      assert.deepEqual([error.code, error.status], [0, 0]);
      assert.ok(error.message.includes(Object.keys(half)[0] as string));
      assert.doesNotMatch(error.message, /TTP_/);
    });
  }
});

Deno.test("a redirect is not followed, and grants nothing: the secrets go to TikTok's host only", async () => {
  await withAuthHost(granting(), async (other, strangers) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const redirect = async (url: URL) =>
        new Response(await granting()().text(), {
          status,
          headers: { location: `${other.authUrl}/x${url.search}` },
        });
      await withAuthHost(redirect, async (config, requests) => {
        for (const call of [exchange, refresh]) {
          const error = await tikTokErrorOf(call(config));
          assert.deepEqual([error.code, error.status], [0, status]);
        }
        assert.equal(requests.length, 2);
      });
    }
    assert.deepEqual(strangers, []);
  });
});

Deno.test("an unreachable or invalid host is an error without a code", async () => {
  for (const authUrl of ["http://127.0.0.1:1", "http://auth.invalid", "http://u:p@127.0.0.1:1"]) {
    for (const call of [exchange, refresh]) {
      const error = await tikTokErrorOf(call({ ...CONFIG, authUrl }));
      assert.deepEqual([error.code, error.status], [0, 0]);
    }
  }
});

Deno.test("a request to a hanging host ends after 10 s", async () => {
  // The platform's clock runs a hundred times faster here.
  const { timeout } = AbortSignal;
  const timeouts: number[] = [];
  AbortSignal.timeout = (ms) => {
    timeouts.push(ms);
    return timeout.call(AbortSignal, ms / 100);
  };
  const released = Promise.withResolvers<void>();
  const hang = async () => {
    await released.promise;
    return new Response();
  };
  try {
    await withAuthHost(hang, async (config, requests) => {
      try {
        for (const call of [exchange, refresh]) {
          const error = await tikTokErrorOf(call(config));
          assert.deepEqual([error.code, error.status], [0, 0]);
        }
        assert.deepEqual([requests.length, timeouts], [2, [10_000, 10_000]]);
      } finally {
        released.resolve();
      }
    });
  } finally {
    AbortSignal.timeout = timeout;
  }
});
