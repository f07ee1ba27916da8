/** The frame of a deployment's steps. */
import { runSupabaseCli } from "../supabase/cli.ts";
import type { Secrets } from "./secrets_file.ts";
import type { Staged } from "./stage.ts";

export interface DeployOptions {
  /** Folder in which `supabase link` was run. */
  linked: string;
  /** Folder of the bundles, and of the record of what was deployed. */
  state: string;
  /** File of the secrets. */
  secretsFile: string;
  /** Address of the project. @default {https://<ref>.supabase.co} */
  url?: string | undefined;
  /** Address of the database, with its password. @default {the pooler of `supabase link`} */
  databaseUrl?: string | undefined;
  /** Path of the certificate of the database's authority. @default {Supabase's} */
  databaseCa?: string | undefined;
  /** Variables of this process; the CLI receives those that it needs. */
  environment: Record<string, string>;
  /** Runs the CLI. @default {runSupabaseCli} */
  cli?: typeof runSupabaseCli;
}

/** Values that a step finds for the steps after it. */
export interface Found {
  secrets: Secrets;
  projectRef: string;
  url: string;
  databaseUrl: string;
  secretKey: string;
  staged: Staged;
}

export interface Deployment {
  options: DeployOptions;
  startedAt: Date;
  /** Whether a step has changed the project. */
  hasChanged: boolean;
  found: Partial<Found>;
}

export interface StepResult {
  /** Whether the project differs from before. */
  changed: boolean;
  /** Lines for the terminal: what was done, and what was left alone. */
  lines: string[];
}

export interface Step {
  name: string;
  /** One sentence for `--dry-run`. */
  does: string;
  /** What it never does, for `--dry-run`. */
  leaves: string;
  /** Idempotent. @throws {Error} that says what to do. */
  run(deployment: Deployment): Promise<StepResult>;
}

/** A value of an earlier step. */
export function findValue<Name extends keyof Found>(
  { found }: Deployment,
  name: Name,
): Found[Name] {
  const value = found[name];
  if (value === undefined) throw new Error(`No step has found ${name}.`);
  return value as Found[Name];
}

/** Runs the CLI. @param workdir @default {the folder of the link} */
export function runCli(
  { options }: Deployment,
  args: string[],
  workdir = options.linked,
): Promise<string> {
  const { cli = runSupabaseCli, environment } = options;
  return cli(args, { workdir, environment });
}
