/** A step of docs/scaling.md, taken on this machine. */

export interface Finding {
  what: string;
  /** With its unit. */
  figure: string;
}

export interface Rehearsal {
  /** As `deno task rehearse NAME` takes it. */
  name: string;
  title: string;
  /** @throws {Error} if the step does not hold */
  run(): Promise<Finding[]>;
}
