import assert from "node:assert/strict";
import { resolve } from "node:path";
import { parseStackOptions } from "./stack_options.ts";
import { UsageError } from "./command.ts";

Deno.test("parseStackOptions() has the documented defaults", () => {
  assert.deepEqual(parseStackOptions([]), {
    port: 54321,
    dbPort: 54322,
    data: resolve(".local"),
    confirmEmail: true,
    allowedHosts: [],
  });
});

Deno.test("parseStackOptions() takes all options, and help", () => {
  assert.deepEqual(
    parseStackOptions([
      ...["--port", "0", "--db-port=7000", "--data", "/d", "--no-confirm"],
      ...["--allow-host", "A.example", "--allow-host=b.example"],
    ]),
    {
      port: 0,
      dbPort: 7000,
      data: "/d",
      confirmEmail: false,
      allowedHosts: ["a.example", "b.example"],
    },
  );
  assert.equal(parseStackOptions(["--help"]), undefined);
});

Deno.test("parseStackOptions() says what is wrong", () => {
  const cases: [string[], RegExp][] = [
    [["--port", "http"], /--port takes a port number/],
    [["--port", "65536"], /--port takes a port number/],
    [["--db-port", "-1"], /--db-port/],
    [["--port", "7000", "--db-port", "7000"], /must differ/],
    [["--prot", "7000"], /--prot.*--help/],
    [["--allow-host", "https://a.example"], /--allow-host takes a host name/],
    [["--allow-host", "a.example:80"], /--allow-host takes a host name/],
    [["extra"], /extra.*--help/],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseStackOptions(args), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});
