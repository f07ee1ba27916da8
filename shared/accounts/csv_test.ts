import assert from "node:assert/strict";
import { csvLines } from "./csv.ts";

const line = (...values: unknown[]) => {
  const columns = values.map((_, n) => `c${n}`);
  return csvLines(columns, [Object.fromEntries(values.map((value, n) => [`c${n}`, value]))], {
    header: false,
  });
};

Deno.test("a CSV file begins with a byte order mark and its columns, and its lines end with CRLF", () => {
  const rows = [{ a: "1", b: "x" }];
  assert.equal(csvLines(["a", "b"], rows, { header: true }), "\ufeffa,b\r\n1,x\r\n");
  assert.equal(csvLines(["a", "b"], [], { header: true }), "\ufeffa,b\r\n");
  assert.equal(csvLines(["a", "b"], rows, { header: false }), "1,x\r\n");
  assert.equal(csvLines(["a", "b"], [], { header: false }), "");
});

Deno.test("commas, quotes and every line break are quoted in CSV", () => {
  assert.equal(
    line("a,b", 'say "hi"', "two\nlines", "two\r\nlines"),
    [
      '"a,b"',
      '"say ""hi"""',
      '"two\nlines"',
      '"two\r\nlines"\r\n',
    ].join(","),
  );
});

Deno.test("a spreadsheet keeps all digits of an id, and amounts stay numbers", () => {
  const id = "576461413038785752";
  assert.equal(
    line(id, `${id} ${id}`, "00123", "12E5", "9400111899223100000000"),
    [
      `'${id}`,
      `'${id} ${id}`,
      "'00123",
      "'12E5",
      "'9400111899223100000000\r\n",
    ].join(","),
  );
  assert.equal(line("24.50", "1000000.00", 7, "0", "0.00"), "24.50,1000000.00,7,0,0.00\r\n");
});

Deno.test("a text that a spreadsheet would run as a formula is marked as text", () => {
  for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"]) {
    assert.ok(line(text).replace(/^"/, "").startsWith(`'${text[0]}`), JSON.stringify(text));
  }
});

Deno.test("absent values are empty cells, and objects are JSON", () => {
  assert.equal(line(null, undefined, { a: 1 }, true), ',,"{""a"":1}",true\r\n');
});
