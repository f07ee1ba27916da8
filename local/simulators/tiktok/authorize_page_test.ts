/** The simulated authorization page, and the redirect from it. */
import assert from "node:assert/strict";
import { APP, Caller } from "../../../tests/support/tiktok_caller.ts";

const REDIRECT = "https://app.example.com/callback?from=tiktok";
const OPTIONS = { serviceId: "service", redirectUrl: REDIRECT };

/** The links of a page by their text; the last one wins. */
function linksOf(html: string): Record<string, string> {
  return Object.fromEntries(
    [...html.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g)].map((
      [, href = "", text = ""],
    ) => [
      text.trim(),
      href.replaceAll("&amp;", "&"),
    ]),
  );
}

Deno.test("the links of the authorization page redirect with a valid code and the app's state", async () => {
  const caller = new Caller(OPTIONS);
  const state = `a b&"c`;
  const query = new URLSearchParams({ service_id: "service", state });
  const page = await caller.fetch(`/open/authorize?${query}`);
  assert.equal(page.status, 200);
  const links = linksOf(await page.text());

  const agreed = await caller.fetch(`/open/${links.Agree}`);
  assert.equal(agreed.status, 302);
  const back = new URL(agreed.headers.get("location") ?? "");
  assert.equal(back.origin + back.pathname, "https://app.example.com/callback");
  const { code = "", ...rest } = Object.fromEntries(back.searchParams);
  assert.deepEqual(rest, {
    from: "tiktok",
    app_key: APP.appKey,
    locale: "en-US",
    shop_region: "US",
    state,
  });
  assert.equal((await caller.exchange(code)).data.open_id, "other");

  const refused = await caller.fetch(`/open/${links.Refuse}`);
  assert.equal(refused.status, 302);
  const { searchParams } = new URL(refused.headers.get("location") ?? "");
  assert.deepEqual(Object.fromEntries(searchParams), {
    from: "tiktok",
    code: "null",
    error: "auth_denied",
    state,
  });
  assert.deepEqual(caller.simulator.state.all("codes"), []);
});

Deno.test("a wrong service_id, an unknown login or a missing redirect URL gets an error page and no code", async () => {
  const caller = new Caller(OPTIONS);
  for (
    const path of [
      `/open/authorize?service_id=${APP.appKey}`,
      "/open/authorize",
      "/open/authorize/answer?service_id=other&open_id=one&decision=agree",
    ]
  ) {
    const page = await caller.fetch(path);
    assert.equal(page.status, 400);
    assert.match(await page.text(), /service does not exist/);
  }
  for (const answer of ["open_id=unknown&decision=agree", "decision=agree", "open_id=one"]) {
    const page = await caller.fetch(`/open/authorize/answer?service_id=service&${answer}`);
    assert.deepEqual([page.status, page.headers.get("location")], [400, null]);
    await page.body?.cancel();
  }
  assert.throws(() =>
    caller.simulator.answerAuthorization({ openId: "unknown", decision: "agree" })
  );
  assert.deepEqual(caller.simulator.state.all("codes"), []);

  const unconfigured = new Caller();
  for (const path of ["/open/authorize", "/open/authorize/answer?open_id=one&decision=agree"]) {
    const page = await unconfigured.fetch(path);
    assert.equal(page.status, 400);
    assert.match(await page.text(), /redirect/);
  }
  assert.throws(() =>
    unconfigured.simulator.answerAuthorization({ openId: "one", decision: "agree" })
  );
  assert.deepEqual(unconfigured.simulator.state.all("codes"), []);
});

Deno.test("the authorization page lists every login with its shops, and escapes their names", async () => {
  const caller = new Caller({ redirectUrl: REDIRECT });
  const evil = `"'><script>alert(1)</script>&`;
  caller.simulator.addLogin({ openId: evil, name: evil, userType: 1 });
  caller.simulator.addShop({ id: "4", openId: evil, name: evil });
  const query = new URLSearchParams({ service_id: evil, state: evil });
  const page = await caller.fetch(`/open/authorize?${query}`);
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  const html = await page.text();
  // Its own one sets the theme.
  assert.doesNotMatch(html, /<script>alert/);
  assert.equal(html.match(/>Agree</g)?.length, 3);
  assert.equal(html.match(/>\s*Refuse\s*</g)?.length, 1);
  assert.match(html, />Shop 1 \(US, 1\)<.*>Shop 2 \(US, 2\)</);
  const answer = await caller.fetch(`/open/${linksOf(html).Agree}`);
  assert.equal(new URL(answer.headers.get("location") ?? "").searchParams.get("state"), evil);
});

Deno.test("a third seller opens a shop on the page, and agrees by clicking", async () => {
  const caller = new Caller(OPTIONS);
  const query = new URLSearchParams({ service_id: "service", state: "s" });
  const before = caller.simulator.state.all("shops").length;
  const post = (body: string, headers: Record<string, string> = {}) =>
    caller.fetch(`/open/authorize/sellers?${query}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body,
    });
  const refused = [
    await post("name=&region=US"),
    await post("name=Teapots&region=XX"),
    await post("name=Teapots&region=GB", { "sec-fetch-site": "cross-site", origin: "null" }),
    await post("name=Teapots&region=GB", { "sec-fetch-site": "same-site", origin: "null" }),
    await post("name=Teapots&region=GB", { origin: "https://evil.example" }),
    await post("name=Teapots&region=GB", { origin: "null" }),
  ];
  for (const response of refused) {
    assert.equal(response.status, 400);
    await response.body?.cancel();
  }
  assert.equal(caller.simulator.state.all("shops").length, before);

  // As Chromium sends the form of a page without referrers.
  const own = { "sec-fetch-site": "same-origin", origin: "null" };
  const opened = await post("name=Teapots&region=GB", own);
  assert.deepEqual([opened.status, opened.headers.get("location")], [303, `../authorize?${query}`]);
  const html = await (await caller.fetch(`/open/authorize?${query}`)).text();
  const shop = caller.simulator.state.all("shops").at(-1);
  assert.deepEqual([shop?.name, shop?.region], ["Teapots", "GB"]);
  assert.ok(html.includes(`Teapots (GB, ${shop?.id})`));
  const agreed = await caller.fetch(`/open/${linksOf(html).Agree}`);
  const code = new URL(agreed.headers.get("location") ?? "").searchParams.get("code") ?? "";
  assert.equal(caller.simulator.state.get("codes", code)?.openId, shop?.openId);
});

Deno.test("an installation from the app store redirects without state; a refusal has either error", () => {
  const { simulator } = new Caller(OPTIONS);
  const installed = simulator.answerAuthorization({ openId: "one", decision: "agree" });
  assert.equal(installed.searchParams.has("state"), false);
  const code = installed.searchParams.get("code") ?? "";
  assert.equal(simulator.state.get("codes", code)?.openId, "one");
  const refused = simulator.answerAuthorization({ decision: "refuse", error: "access_denied" });
  assert.equal(refused.search, "?from=tiktok&code=null&error=access_denied");
});

Deno.test("codes and tokens have the form of the login's region; a creator's tokens name no seller", async () => {
  const caller = new Caller(OPTIONS);
  const grant = async (openId: string) => {
    const url = caller.simulator.answerAuthorization({ openId, decision: "agree" });
    const code = url.searchParams.get("code") ?? "";
    assert.ok(code.length > 130 && code.length < 150);
    return { url, code, data: (await caller.exchange(code)).data };
  };
  caller.simulator.addLogin({ openId: "vn", region: "VN", name: "Lan", scopes: ["a", "b"] });
  const vn = await grant("vn");
  assert.match(vn.code, /^ROW_/);
  assert.equal(vn.url.searchParams.get("shop_region"), "VN");
  assert.match(String(vn.data.access_token), /^ROW_/);
  assert.equal(vn.data.seller_name, "Lan");
  assert.equal(vn.data.seller_base_region, "VN");
  assert.deepEqual(vn.data.granted_scopes, ["a", "b"]);
  assert.match((await grant("one")).code, /^TTP_/);

  caller.simulator.addLogin({ openId: "creator", userType: 1 });
  const { data } = await grant("creator");
  assert.deepEqual([data.user_type, data.seller_name], [1, null]);
  assert.equal("seller_base_region" in data, false);
  const shops = await caller.call("/authorization/202309/shops", data.access_token, {});
  assert.equal(shops.code, 105005);
  assert.deepEqual(caller.simulator.calls, []);
});

Deno.test("a new shop adds its login, and does not change an existing one", () => {
  const { simulator } = new Caller();
  assert.deepEqual(simulator.state.get("logins", "one")?.name, "Shop 1");
  assert.deepEqual(simulator.state.get("logins", "one")?.userType, 0);
  simulator.addLogin({ openId: "cn", userType: 0, region: "GB", name: "Kettle Ltd" });
  const shop = simulator.addShop({ id: "8", openId: "cn", sellerType: "CROSS_BORDER" });
  assert.deepEqual([shop.region, shop.sellerType], ["GB", "CROSS_BORDER"]);
  assert.match(shop.cipher, /^ROW_/);
  assert.equal(simulator.state.get("logins", "cn")?.name, "Kettle Ltd");
  assert.equal(simulator.addLogin({ openId: "cn", scopes: [] }).name, "Kettle Ltd");
});
