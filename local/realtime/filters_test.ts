import assert from "node:assert/strict";
import { FilterError, parseFilters, toCondition } from "./filters.ts";

Deno.test("filters have a column, an operator and a value, and a row must pass all of them", () => {
  const [list, quoted, not] = parseFilters('a=in.(1,"b,c"),b=eq."x,\\"y",c=not.is.null');
  assert.deepEqual(list, { column: "a", operator: "in", value: '{1,"b,c"}', isNegated: false });
  assert.deepEqual(quoted, { column: "b", operator: "eq", value: 'x,"y', isNegated: false });
  assert.deepEqual(not, { column: "c", operator: "is", value: "null", isNegated: true });
  assert.deepEqual(parseFilters("  "), []);
});

Deno.test("a filter that is not one is refused", () => {
  for (
    const text of ["undefined", "a=foo.1", "a=in.1", "a=is.1", "a=eq.1,", "a=constructor.x"]
  ) {
    assert.throws(() => parseFilters(text), FilterError, text);
  }
});

Deno.test("a filter's value is a parameter, and never a part of the statement", () => {
  const [filter] = parseFilters("a=eq.'; drop table x; --");
  assert.ok(filter);
  assert.equal(
    toCondition(filter, 'r."a"', "text", "$2::text"),
    'coalesce(r."a" = cast($2::text as text), false)',
  );
});
