import assert from "node:assert/strict";
import { describeConnection } from "./describe_connection.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const DAY_MS = 24 * 3600 * 1000;

const row = {
  connection_status: "active",
  status_reason: null,
  granted_scopes: ["seller.authorization.info", "seller.order.info"],
  token_expires_at: "2026-11-30T12:00:00+00:00",
  refresh_token_expires_at: "2122-09-09T23:20:57+00:00",
};

const endingIn = (ms: number) =>
  describeConnection(
    { ...row, refresh_token_expires_at: new Date(NOW + ms).toISOString() },
    NOW,
  );

Deno.test("a connection without expiration shows no date", () => {
  for (
    const refresh_token_expires_at of [
      row.refresh_token_expires_at,
      "9999-12-31T23:59:59+00:00",
      new Date(NOW + 21 * 365 * DAY_MS).toISOString(),
    ]
  ) {
    assert.equal(
      describeConnection({ ...row, refresh_token_expires_at }, NOW),
      "Connected. Orders arrive automatically.",
    );
  }
});

Deno.test("a connection that expires shows its last day, and warns in the last 30 days", () => {
  const year = "Connected until November 23, 2027. Orders arrive automatically.";
  assert.equal(endingIn(365 * DAY_MS), year);
  const calm = "Connected until December 23, 2026. Orders arrive automatically.";
  assert.equal(endingIn(30 * DAY_MS + 1), calm);
  const warning = (day: string) =>
    `Connected, but your authorization at TikTok expires on ${day}. Connect again before then.`;
  assert.equal(endingIn(30 * DAY_MS), warning("December 23, 2026"));
  assert.equal(endingIn(DAY_MS), warning("November 24, 2026"));
});

Deno.test("the day is in UTC, independent of the function's time zone", () => {
  assert.match(endingIn(40 * DAY_MS + 11.99 * 3600 * 1000), /until January 2, 2027\./);
  assert.match(endingIn(40 * DAY_MS + 12 * 3600 * 1000), /until January 3, 2027\./);
});

Deno.test("a login without the scope to read orders is described so, unless TikTok named no scopes", () => {
  const described = (granted_scopes: string[], more = {}) =>
    describeConnection({ ...row, granted_scopes, ...more }, NOW);
  assert.equal(
    described(["seller.authorization.info", "seller.order.info.more"]),
    "Connected, but TikTok does not let us read orders. Connect again and agree to order information.",
  );
  assert.match(described([]), /^Connected\. /);
  const closed = { connection_status: "disconnected", status_reason: "by_seller" };
  assert.match(described(["seller.shop.info"], closed), /^You disconnected this shop\./);
});

Deno.test("the message of every inactive state says why, and what to do", () => {
  const cases: [status: string, reason: string | null, RegExp][] = [
    [
      "needs_reauth",
      "token_refused",
      /no longer accepts our access.*Connect it again to receive orders\.$/,
    ],
    [
      "needs_reauth",
      "authorization_expired",
      /authorization.*has expired\. Connect it again to receive/,
    ],
    ["paused", "shop_inactive", /TikTok has deactivated this shop.*check every day.*Seller Center/],
    ["paused", "seller_inactive", /deactivated the seller account.*they follow when TikTok/],
    [
      "needs_reauth",
      "not_authorized",
      /does not include this shop\. Connect it again with the login/,
    ],
    ["disconnected", "by_seller", /You disconnected.*orders are still here; connect it again/],
    ["disconnected", "deauthorized", /was removed from this shop at TikTok\. Connect it again to/],
    ["transferred", "connected_elsewhere", /Another CreatorFlow account.*are still here\.$/],
    ["needs_reauth", null, /^Connect it again to receive orders\.$/],
    ["needs_reauth", "a_later_reason", /^Connect it again to receive orders\.$/],
  ];
  const messages = cases.map(([connection_status, status_reason, words]) => {
    const message = describeConnection({ ...row, connection_status, status_reason }, NOW);
    assert.match(message, words);
    // An ended connection must not read as a working one.
    assert.doesNotMatch(message, /^Connected|arrive automatically/);
    return message;
  });
  assert.equal(new Set(messages).size, cases.length - 1);
});

Deno.test("a connection whose token could not be renewed says so", () => {
  const message = describeConnection(
    { ...row, token_expires_at: new Date(NOW).toISOString() },
    NOW,
  );
  assert.match(message, /TikTok has not renewed our access yet\. We keep trying/);
});
