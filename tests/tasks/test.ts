/** `deno task test`. */
import { TEST_OPTIONS, testTask } from "../runner/test_task.ts";

export default await testTask(import.meta, {
  name: "test",
  help: `Runs all tests, or some, against copies of a freshly migrated Postgres.

  npx -y deno@2.9.5 task test [FILE ...] [options of deno test]

${TEST_OPTIONS}

All tests run in groups, four at a time: a group is some folders, or a part of one, whose files share a
process and a stack. Named files run alone. The last line is "N passed, N failed".`,
});
