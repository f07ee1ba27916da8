import assert from "node:assert/strict";
import { refuseQuery, rewordRefusal } from "./query_refusals.ts";

const request = (query: Record<string, string>) =>
  new Request(`http://x/rest/v1/orders?${new URLSearchParams(query)}`);

/** As in PostgREST's own tests: InsertSpec, QuerySpec and those of its QueryParams. */
const NAME = "expecting field name (* or [a..z0..9_$])";

Deno.test("columns and on_conflict are lists of names; others are PostgREST's 400", async () => {
  const refused: [text: string, column: number, details: string][] = [
    ["", 1, `unexpected end of input ${NAME}`],
    ["(", 1, `unexpected "(" ${NAME}`],
    ["id,", 4, `unexpected end of input ${NAME}`],
    ["id, ,b", 5, `unexpected "," ${NAME}`],
    ['"id', 4, String.raw`unexpected end of input expecting "\\" or "\""`],
  ];
  for (const parameter of ["columns", "on_conflict"]) {
    for (const [text, column, details] of refused) {
      const response = refuseQuery(request({ [parameter]: text }));
      assert.equal(response?.status, 400, text);
      assert.deepEqual(await response.json(), {
        code: "PGRST100",
        details,
        hint: null,
        message: `"failed to parse ${parameter} parameter (${text})" (line 1, column ${column})`,
      });
    }
    for (const text of ["id", "id, name", 'a-b,"x (y), \\"z",$1', "id)"]) {
      assert.equal(refuseQuery(request({ [parameter]: text })), undefined, text);
    }
  }
});

Deno.test("an open quotation mark in select is 400; what PostgREST accepts is passed on", () => {
  assert.equal(refuseQuery(request({ select: 'id,"na' }))?.status, 400);
  for (const query of [{ select: '"a(",b' }, { select: "(" }, { select: "" }, { limit: "abc" }]) {
    assert.equal(refuseQuery(request(query)), undefined, JSON.stringify(query));
  }
});

Deno.test("a filter without a known operator has PostgREST's words", async () => {
  const cases: [text: string, column: number, details: string][] = [
    ["0", 1, 'unexpected "0" expecting "not" or operator (eq, gt, ...)'],
    ["noop.0", 1, 'unexpected "o" expecting "not" or operator (eq, gt, ...)'],
    ["", 1, 'unexpected end of input expecting "not" or operator (eq, gt, ...)'],
    ["not.foo.1", 5, 'unexpected "f" expecting operator (eq, gt, ...)'],
  ];
  for (const [text, column, details] of cases) {
    const message = `"failed to parse filter (${text})" (line 1, column 1)`;
    const given = Response.json({ code: "PGRST100", details: message, message }, { status: 400 });
    assert.deepEqual(await (await rewordRefusal(given)).json(), {
      code: "PGRST100",
      details,
      hint: null,
      message: `"failed to parse filter (${text})" (line 1, column ${column})`,
    });
  }
});

Deno.test("other answers keep their body", async () => {
  for (const [status, body] of [[200, "[]"], [400, "no JSON"], [400, '{"message":"other"}']]) {
    const response = await rewordRefusal(new Response(String(body), { status: Number(status) }));
    assert.deepEqual([response.status, await response.text()], [status, body]);
  }
});
