/** `deno task test:labels`. */
import { TEST_OPTIONS, testTask } from "../runner/test_task.ts";

export default await testTask(import.meta, {
  name: "test:labels",
  help:
    `Kills the process after each step of buying a label, and shows that each order gets one label.

  npx -y deno@2.9.5 task test:labels [options of deno test]

${TEST_OPTIONS}

It prints a table of the steps and their results. The last line is "N passed, N failed".`,
  files: ["tests/labels/label_crash_test.ts"],
});
