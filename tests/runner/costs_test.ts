import assert from "node:assert/strict";
import { listCosts } from "./costs.ts";
import { readTimes, timeProgram } from "./cpu_time.ts";

Deno.test("listCosts() adds the CPU times of the groups and of Postgres", () => {
  const groups = [{ name: "tests/a", seconds: 10, cpuSeconds: 12.34 }, {
    name: "Postgres",
    cpuSeconds: 5,
  }];
  assert.deepEqual(listCosts(groups, 11), [
    "   12.3 s of CPU    10.0 s  tests/a",
    "    5.0 s of CPU            Postgres",
    "   17.3 s of CPU    11.0 s  the whole run",
  ]);
});

Deno.test("timeProgram() keeps what the program prints and its exit code, and writes its times", async () => {
  const file = await Deno.makeTempFile();
  try {
    const [program, args] = timeProgram(file, "sh", [
      "-c",
      'echo "$1 $2"; exit 3',
      "sh",
      "a b",
      "c",
    ]);
    const { code, stdout } = await new Deno.Command(program, { args }).output();
    assert.equal(new TextDecoder().decode(stdout), "a b c\n");
    assert.equal(code, 3);
    assert.match(await Deno.readTextFile(file), /^0m0\.\d+s 0m0\.\d+s\n0m0\.\d+s 0m0\.\d+s\n$/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("readTimes() adds the times of a shell and of its programs", () => {
  assert.equal(readTimes("0m0.25s 0m0.5s\n1m2.000s 0m3.25s\n"), 66);
});
