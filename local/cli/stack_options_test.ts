import assert from "node:assert/strict";
import { resolve } from "node:path";
import { parseStartOptions } from "./stack_options.ts";
import { UsageError } from "./command.ts";

Deno.test("parseStartOptions() has the documented defaults", () => {
  assert.deepEqual(parseStartOptions([]), {
    port: 54321,
    dbPort: 54322,
    data: resolve(".local"),
    confirmEmail: true,
    allowedHosts: [],
    detach: false,
    quiet: false,
    args: [],
  });
});

Deno.test("parseStartOptions() takes all options, and help", () => {
  const args = [
    ...["--port", "0", "--db-port=7000", "--data", "/d", "--no-confirm"],
    ...["--allow-host", "A.example", "--allow-host=b.example"],
    ...["--detach", "-q", "--variables", "/e"],
  ];
  assert.deepEqual(parseStartOptions(args), {
    ...{ port: 0, dbPort: 7000, data: "/d", confirmEmail: false },
    allowedHosts: ["a.example", "b.example"],
    ...{ detach: true, quiet: true, envFile: "/e", args },
  });
  assert.equal(parseStartOptions(["--help"]), undefined);
});

Deno.test("parseStartOptions() says what is wrong", () => {
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
    assert.throws(() => parseStartOptions(args), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});
