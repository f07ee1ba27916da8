/** Collects the problems of the calls and answers of a simulator, for the tests of a file. */
import type { ApiObserver } from "../../../local/simulators/tiktok/observer.ts";
import { checkAnswer, checkCall } from "./check_call.ts";

let problems: string[] = [];
let allowed: RegExp[] = [];

/** Goes into every simulator of a test. */
export const openApiObserver: ApiObserver = {
  call: (call) => void problems.push(...checkCall(call)),
  answer: (call, status, body) => void problems.push(...checkAnswer(call, status, body)),
};

/** The problems since the last time, without the allowed ones. */
export function takeProblems(): string[] {
  const taken = problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)));
  problems = [];
  return [...new Set(taken)];
}

/** For the rest of the test: it lets TikTok answer what TikTok does not describe. */
export function allowProblems(pattern: RegExp): void {
  allowed.push(pattern);
}

/** @throws {Error} with every problem since the last time. */
export function assertNoProblems(): void {
  const found = takeProblems();
  allowed = [];
  if (found.length === 0) return;
  throw new Error(`Not as in TikTok's OpenAPI:\n  ${found.join("\n  ")}`);
}
