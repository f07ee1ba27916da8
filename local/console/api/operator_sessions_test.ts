import assert from "node:assert/strict";
import { join } from "node:path";
import { sessionFile } from "./kept_sessions.ts";
import { OperatorSessions } from "./operator_sessions.ts";

function makeSessions() {
  const clock = { time: 0 };
  const sessions = new OperatorSessions({ secretKey: "sb_secret_a", now: () => clock.time });
  const redeem = (token: string) => {
    const redemption = sessions.redeemLink(token);
    return redemption.outcome === "signed_in" ? redemption.session : redemption.outcome;
  };
  return { sessions, clock, redeem };
}

Deno.test("an operator's link signs in once, until it expires; the session ends after 12 hours", () => {
  const { sessions, clock, redeem } = makeSessions();
  const link = sessions.issueLink(1000);
  const session = redeem(link);
  assert.ok(sessions.isSignedIn(session));
  assert.equal(redeem(link), "link_invalid");
  const late = sessions.issueLink(1000);
  clock.time = 1000;
  assert.equal(redeem(late), "link_invalid");
  assert.ok(sessions.isSignedIn(session));
  clock.time = 12 * 3600_000;
  assert.ok(!sessions.isSignedIn(session));
  assert.ok(!sessions.isSignedIn(undefined) && !sessions.isSignedIn(link));
});

Deno.test("after ten wrong links in a minute a right one is refused too, and works a minute later", () => {
  const { sessions, clock, redeem } = makeSessions();
  const link = sessions.issueLink();
  for (let attempt = 0; attempt < 10; attempt++) assert.equal(redeem("x"), "link_invalid");
  assert.equal(redeem(link), "too_many_attempts");
  clock.time = 60_000;
  assert.ok(sessions.isSignedIn(redeem(link)));
});

Deno.test("only the secret key counts as the secret key", () => {
  const { sessions } = makeSessions();
  assert.ok(sessions.isSecretKey("sb_secret_a"));
  for (const key of [null, "", "sb_secret_", "sb_secret_b"]) {
    assert.ok(!sessions.isSecretKey(key));
  }
});

Deno.test("an operator's session outlives a restart; one that ended, and another secret key's, do not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = sessionFile(join(folder, "operator-sessions.json"));
    const start = (secretKey: string) => new OperatorSessions({ secretKey, store });
    const first = start("sb_secret_a");
    const signIn = () => {
      const redemption = first.redeemLink(first.issueLink());
      assert.ok(redemption.outcome === "signed_in");
      return redemption.session;
    };
    const [kept, ended] = [signIn(), signIn()];
    first.end(ended);
    const restarted = start("sb_secret_a");
    assert.ok(restarted.isSignedIn(kept));
    assert.ok(!restarted.isSignedIn(ended));
    assert.ok(!start("sb_secret_b").isSignedIn(kept));
    const [file, ...others] = await Array.fromAsync(Deno.readDir(folder));
    assert.deepEqual(others, []);
    const path = join(folder, file?.name ?? "");
    assert.doesNotMatch(await Deno.readTextFile(path), new RegExp(kept));
    if (Deno.build.os !== "windows") {
      assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    }
    await Deno.writeTextFile(path, `{"cut`);
    assert.ok(!start("sb_secret_a").isSignedIn(kept), "a cut file holds no session");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
