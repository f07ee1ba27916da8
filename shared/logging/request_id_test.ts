import assert from "node:assert/strict";
import { requestIdOf } from "./request_id.ts";

const CALLER = "0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11";
const PLATFORM = "019d4233-be35-74c2-957d-04523fc279ed";

Deno.test("a request has the caller's id, then the platform's, then one of ours", () => {
  const platform = { "sb-request-id": PLATFORM };
  assert.equal(requestIdOf(new Headers({ ...platform, "x-request-id": CALLER })), CALLER);
  assert.equal(requestIdOf(new Headers({ "x-request-id": CALLER.toUpperCase() })), CALLER);
  assert.equal(requestIdOf(new Headers(platform)), PLATFORM);
  const own = requestIdOf(new Headers());
  assert.match(own, /^[0-9a-f-]{36}$/);
  assert.notEqual(own, requestIdOf(new Headers()));
});

Deno.test("attack: a key, an address or a second line as request id does not reach a log", () => {
  for (const text of ["sb_secret_abcdef", "rosa@example.com", `${CALLER}, ${CALLER}`, "", "1"]) {
    const id = requestIdOf(new Headers({ "x-request-id": text }));
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.notEqual(id, CALLER);
  }
});
