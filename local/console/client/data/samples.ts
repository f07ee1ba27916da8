/** Sample sellers that exist on this stack. */
import { callConsole } from "../console_api.ts";

export interface SampleSellers {
  samples: { email: string; name: string; about: string }[];
  password: string;
  /** Makes them, in a terminal. */
  command: string;
}

/** @throws {CallError} also under the name of a tunnel */
export function listSamples(): Promise<SampleSellers> {
  return callConsole("samples");
}
