/** `deno task test:example`. */
import { TEST_OPTIONS, testTask } from "../runner/test_task.ts";

export default await testTask(import.meta, {
  name: "test:example",
  help: `Installs and builds examples/app, and clicks through it in a Chromium of this machine.

  npx -y deno@2.9.5 task test:example [options of deno test]

${TEST_OPTIONS}

Without a Chromium it only installs; the variable CHROMIUM names one that is not in a usual place. The last
line is "N passed, N failed".`,
  files: ["tests/stack/example_app_test.ts"],
  environment: { TEST_EXAMPLE: "install" },
});
