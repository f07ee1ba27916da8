/** Calls of a function host that stop at exact steps until the host is killed. */
import type { ObservedCall, ObservedHost } from "./observed_host.ts";
import type { TestStack } from "./stack.ts";

type Where = "database" | "easypost" | "tiktok";

/** The call at which the process dies: before it is carried out, or before its answer arrives. */
export interface HeldStep {
  where: Where;
  method: string;
  path: RegExp;
  phase: ObservedCall["phase"];
}

/** Holds calls of the host at their steps until it is killed: they are lost with it. */
export class HeldCalls implements Disposable {
  readonly #stack: TestStack;
  readonly #host: ObservedHost;
  readonly #killed = Promise.withResolvers<never>();
  #wanted: { step: HeldStep; isHeld: () => void } | undefined;

  constructor(stack: TestStack, host: ObservedHost) {
    this.#stack = stack;
    this.#host = host;
    this.#killed.promise.catch(() => {});
    host.observe = (call) => this.#observe("database", call);
    stack.easypost.faults.observe = (call) => this.#observe("easypost", call);
    stack.tiktok.faults.observe = (call) => this.#observe("tiktok", call);
  }

  async #observe(where: Where, call: ObservedCall): Promise<void> {
    const { step, isHeld } = this.#wanted ?? {};
    const here = where === step?.where && call.method === step.method &&
      call.phase === step.phase && step.path.test(call.path);
    if (!here) return;
    this.#wanted = undefined;
    isHeld?.();
    await this.#killed.promise;
  }

  /** Resolves when a call is held at this step. */
  hold(step: HeldStep): Promise<void> {
    return new Promise((isHeld) => this.#wanted = { step, isHeld });
  }

  kill(): void {
    this.#host.kill();
    this[Symbol.dispose]();
  }

  /** Lets held calls fail, and observes no other. */
  [Symbol.dispose](): void {
    this.#killed.reject(new Error("The caller is gone"));
    this.#host.observe = undefined;
    delete this.#stack.easypost.faults.observe;
    delete this.#stack.tiktok.faults.observe;
  }
}
