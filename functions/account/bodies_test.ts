import assert from "node:assert/strict";
import { Problem } from "../../shared/http/problem.ts";
import { readTimeRange } from "./bodies.ts";

const rangeOf = (query: string) => readTimeRange(new Request(`http://x/orders.csv?${query}`));

Deno.test("days of a range are those of UTC, both included; of two times the end is excluded", () => {
  assert.deepEqual(rangeOf("from=2026-11-01&to=2026-11-30"), {
    from: "2026-11-01T00:00:00.000Z",
    to: "2026-12-01T00:00:00.000Z",
  });
  assert.deepEqual(rangeOf("from=2026-11-01&to=2026-11-01").to, "2026-11-02T00:00:00.000Z");
  const times = "from=2026-11-01T00:00:00-07:00&to=2026-11-02T00:00:00-07:00";
  assert.deepEqual(rangeOf(times), {
    from: "2026-11-01T07:00:00.000Z",
    to: "2026-11-02T07:00:00.000Z",
  });
});

Deno.test("a range without an end, in the wrong order or with an impossible day is 400", () => {
  const wrong = [
    ["", "from=2026-11-01", "to=2026-11-01", "from=2026-11-02&to=2026-11-01"],
    ["from=2026-02-30&to=2026-03-01", "from=2026-11-01T00:00:00&to=2026-11-02", "from=1&to=2"],
    ["from=2026-11-01T00:00:00Z&to=2026-11-01T00:00:00Z", "from=yesterday&to=2026-11-01"],
  ].flat();
  for (const query of wrong) {
    assert.throws(() => rangeOf(query), (error) => {
      assert.ok(error instanceof Problem, query);
      assert.deepEqual([error.status, error.code], [400, "invalid_range"]);
      return true;
    });
  }
});
