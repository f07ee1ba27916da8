import assert from "node:assert/strict";
import { resolve } from "node:path";
import { parseOptions, UsageError } from "./options.ts";

Deno.test("parseOptions() has the documented defaults", () => {
  assert.deepEqual(parseOptions([]), { port: 54321, dbPort: 54322, data: resolve(".local") });
});

Deno.test("parseOptions() takes all three options, and help", () => {
  assert.deepEqual(parseOptions(["--port", "0", "--db-port=7000", "--data", "/d"]), {
    port: 0,
    dbPort: 7000,
    data: "/d",
  });
  assert.equal(parseOptions(["--help"]), undefined);
});

Deno.test("parseOptions() says what is wrong", () => {
  const cases: [string[], RegExp][] = [
    [["--port", "http"], /--port takes a port number/],
    [["--port", "65536"], /--port takes a port number/],
    [["--db-port", "-1"], /--db-port/],
    [["--port", "7000", "--db-port", "7000"], /must differ/],
    [["--prot", "7000"], /--prot.*--help/],
    [["extra"], /extra.*--help/],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseOptions(args), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});
