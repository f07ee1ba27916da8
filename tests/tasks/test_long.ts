/** `deno task test:long`. */
import { TEST_OPTIONS, testTask } from "../runner/test_task.ts";

/** Every test that has another size in the gate, or ends commands. */
export const LONG_TESTS = [
  "tests/security/fuzz_test.ts",
  "tests/security/odd_requests_test.ts",
  "tests/security/lock_order_test.ts",
  "tests/orders/pipeline_property_test.ts",
  "tests/orders/crash_test.ts",
  "tests/billing/billing_property_test.ts",
  "tests/billing/stripe_customers_test.ts",
  "tests/connections/token_refresh_test.ts",
  "tests/labels/label_batch_test.ts",
  "tests/labels/carrier_webhook_mutations_test.ts",
  "tests/chaos/chaos_test.ts",
  "tests/stack/interrupt_test.ts",
  "tests/stack/database_tasks_test.ts",
  "tests/stack/runbooks_test.ts",
  "tests/stack/runbook_keys_test.ts",
  "tests/stack/runbook_restore_test.ts",
];

export default await testTask(import.meta, {
  name: "test:long",
  help:
    `Runs the tests that are small in the gate at their full size, and ends every command. Takes minutes.

  npx -y deno@2.9.5 task test:long [options of deno test]

${TEST_OPTIONS}

The files: LONG_TESTS in tests/tasks/test_long.ts. The last line is "N passed, N failed".`,
  files: LONG_TESTS,
  environment: { TEST_SAMPLES: "long" },
});
