/** `deno task test:deploy`. */
import { TEST_OPTIONS, testTask } from "../runner/test_task.ts";

export default await testTask(import.meta, {
  name: "test:deploy",
  help:
    `Deploys from an empty project to a running backend, on stand-ins of the platform. Takes a minute.

  npx -y deno@2.9.5 task test:deploy [options of deno test]

${TEST_OPTIONS}

It needs no account and changes none: the real CLI talks to a stand-in of Supabase's API, and the
functions run here. The last line is "N passed, N failed".`,
  files: ["tests/deploy/deploy_test.ts"],
});
