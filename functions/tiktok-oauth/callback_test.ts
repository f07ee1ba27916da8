import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { openClaim } from "../../shared/tiktok/connections/claims.ts";
import { appLocation, readRedirect } from "./callback.ts";

const NOW = 1_790_000_000_000;
const keys = parseKeyRing(`k1:${Buffer.alloc(32, 1).toString("base64")}`);
const STATE = "s".repeat(43);
const CODE = "TTP_a-code";

const read = (query: Record<string, string>) => readRedirect(keys, new URLSearchParams(query), NOW);

Deno.test("the redirect seals code and state; without a state, the code alone", async () => {
  for (
    const [query, content] of [
      [{ code: CODE, state: STATE }, { code: CODE, state: STATE }],
      [{ code: ` ${CODE} `, state: ` ${STATE} ` }, { code: CODE, state: STATE }],
      [{ code: CODE }, { code: CODE }],
      [{ code: CODE, state: "" }, { code: CODE }],
    ] as const
  ) {
    const { status, claim = "", code } = await read(query);
    assert.deepEqual([status, code], ["confirm", undefined]);
    const { expires_at: _, ...sealed } = await openClaim(keys, claim, NOW);
    assert.deepEqual(sealed, content);
  }
});

Deno.test("a refusal, an unusable code and a malformed state make no claim", async () => {
  for (
    const [query, status, code] of [
      [{ error: "auth_denied", code: "null", state: STATE }, "refused", "access_denied"],
      [{ error: "<script>", code: CODE }, "refused", "access_denied"],
      [{ code: "" }, "refused", "access_denied"],
      [{ state: STATE }, "failed", "code_missing"],
      [{ code: "<h1>Hello</h1>" }, "failed", "code_invalid"],
      [{ code: "a".repeat(1025) }, "failed", "code_invalid"],
      [{ code: CODE, state: `${STATE}x` }, "failed", "state_unknown"],
      [{ code: CODE, state: "s".repeat(10_240) }, "failed", "state_unknown"],
      [{ code: CODE, state: "\0" }, "failed", "state_unknown"],
    ] as [Record<string, string>, string, string][]
  ) {
    assert.deepEqual(await read(query), { status, code });
  }
});

Deno.test("the claim is in the fragment of the app's address, never in what a server or a Referer sees", () => {
  const location = new URL(
    appLocation("https://app.example/shops?tab=1", { status: "confirm", claim: "v1.k.iv.text" }),
  );
  assert.equal(location.search, "?tab=1&status=confirm");
  assert.equal(location.hash, "#claim=v1.k.iv.text");
  const failed = appLocation("https://app.example/", { status: "failed", code: "code_missing" });
  assert.equal(failed, "https://app.example/?status=failed&code=code_missing");
});
