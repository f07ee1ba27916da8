import assert from "node:assert/strict";
import { isRowId, shortId } from "./ids.ts";

Deno.test("only a UUID is the id of a row", () => {
  assert.ok(isRowId("0e9f0c1d-2b3a-4c5d-8e7f-6a5b4c3d2e1f"));
  assert.ok(isRowId("0E9F0C1D-2B3A-4C5D-8E7F-6A5B4C3D2E1F"));
  for (const text of ["", "abc", "0e9f0c1d-2b3a-4c5d-8e7f-6a5b4c3d2e1f0", "576461413038785752"]) {
    assert.ok(!isRowId(text), text);
  }
});

Deno.test("sellers who signed up in the same minute have different short ids", () => {
  const ids = ["01a22b74-3b13-76a3-9a2a-07aac09f2924", "01a22b74-0c5f-70d1-a0c4-8a1d2f0b6c33"];
  assert.deepEqual(ids.map(shortId), ["07aac09f2924", "8a1d2f0b6c33"]);
});
