import assert from "node:assert/strict";
import {
  isRateLimited,
  isRefusal,
  isTransient,
  needsFreshToken,
  needsReconnect,
  TikTokError,
} from "./errors.ts";

const error = (code: number, words = "no", status = 200) =>
  new TikTokError(`TikTok ${code} (/order/202309/orders)`, { code, status, words });

Deno.test("36009004 requires a new token only if its message names the access token", () => {
  const cases: [string, boolean][] = [
    ["Invalid credentials. The 'x-tts-access-token' header is invalid.", true],
    ["Invalid credentials. The 'access_token' query parameter is invalid.", true],
    ["param body.address is missing", false],
    [
      "Invalid credentials. Invalid 'app_key' query parameter. For more details: https://x/s",
      false,
    ],
    ["The 'timestamp' query parameter is out of range.", false],
    ["The 'sign' query parameter is missing.", false],
    ["unexpected identifier: shop_cipher", false],
    ["page_token is invalid", false],
    ["", false],
  ];
  for (const [message, expected] of cases) {
    assert.equal(needsFreshToken(error(36009004, message)), expected, message);
  }
});

Deno.test("105002 requires a new token with any message, and no other code does", () => {
  assert.equal(needsFreshToken(error(105002, "")), true);
  for (const code of [0, 101000, 105005, 106001, 106013, 36009002, 36009003, 36004005, 36009043]) {
    assert.equal(
      needsFreshToken(error(code, "The 'x-tts-access-token' is bad")),
      false,
      String(code),
    );
  }
  assert.equal(needsFreshToken(error(0, "access token", 401)), false);
});

Deno.test("only 36004001, 36004004 and 36004005 require a new authorization", () => {
  const codes = [
    0,
    105002,
    105005,
    106001,
    98001004,
    36009004,
    36009003,
    36004000,
    36004002,
    36004003,
  ];
  for (const code of [...codes, 36004006, -36004004]) {
    assert.equal(needsReconnect(error(code, "rt has expired")), false, String(code));
  }
  for (const code of [36004001, 36004004, 36004005]) {
    for (const status of [200, 401, 503]) {
      assert.equal(needsReconnect(error(code, "", status)), true, String(code));
    }
  }
});

Deno.test("every error is a refusal, transient, or of unknown outcome", () => {
  const cases: [code: number, status: number, "no" | "turned away" | "may pass" | "unknown"][] = [
    [36009002, 429, "turned away"],
    [36009002, 200, "turned away"],
    [0, 429, "may pass"],
    [0, 503, "may pass"],
    [36009003, 500, "may pass"],
    [36009003, 503, "may pass"],
    [36009007, 200, "may pass"],
    [11001027, 200, "may pass"],
    [21001011, 200, "may pass"],
    [10037002, 200, "may pass"],
    [21023034, 200, "may pass"],
    [0, 500, "may pass"],
    [0, 502, "may pass"],
    [0, 504, "may pass"],
    [0, 0, "unknown"],
    [0, 200, "unknown"],
    [0, 302, "unknown"],
    [0, 404, "unknown"],
    [106001, 200, "no"],
    [106001, 401, "no"],
    [106001, 500, "no"],
    [105002, 503, "no"],
    [105005, 200, "no"],
    [36009004, 400, "no"],
    [36004004, 200, "no"],
    [36004005, 200, "no"],
    [98001004, 200, "no"],
  ];
  for (const [code, status, kind] of cases) {
    const given = error(code, "no", status);
    const found = [isRateLimited(given), isTransient(given), isRefusal(given)];
    const passes = kind === "turned away" || kind === "may pass";
    assert.deepEqual(found, [kind === "turned away", passes, kind === "no"], `${code} ${status}`);
  }
});
