/** Settings of a stack. */
import type { FunctionLoading } from "../functions/host_process.ts";
import type { AnsweredRequest, FunctionObserver } from "../gateway/observe.ts";
import type { ApiObserver } from "../simulators/tiktok/observer.ts";
import type { SchemaCache } from "../supabase/lite_connection.ts";
import type { GivenVariables } from "./variables.ts";

/** Settings that `deno task start` takes on its command line. */
export interface StackOptions {
  /** The one public port; 0 picks a free one. */
  port: number;
  /** Port of the embedded Postgres; 0 picks a free one. */
  dbPort: number;
  /** Folder of data, keys and logs. Absolute. */
  data: string;
  /** Whether a seller has to confirm the address before the first sign-in, as on Supabase. @default {true} */
  confirmEmail?: boolean;
  /** Names besides those of this machine under which the stack answers. @default {none} */
  allowedHosts?: readonly string[];
}

export interface StackSettings extends StackOptions {
  /** Variables that win over the stack's own values. @default {the process's environment} */
  environment?: GivenVariables;
  /** Whether jobs fire by the clock. @default {true} */
  schedule?: boolean;
  /** The functions' config.toml. @default {supabase/config.toml} */
  configPath?: string;
  /** Whether the database has the stack's roles, stand-ins and migrations already. @default {false} */
  isDatabasePrepared?: boolean;
  /** Keeps the schema that REST and Auth have read. @default {none: they read it} */
  schemaCache?: SchemaCache;
  /** When functions are loaded. @default {"start"} */
  loadFunctions?: FunctionLoading;
  /** Random numbers from 0 to 1, for the simulators' faults. @default {Math.random} */
  random?: () => number;
  /** Unix milliseconds at which the sample orders of the simulated TikTok are new. @default {now} */
  sampleTime?: number;
  /** Receives every call of the TikTok simulator's Open API. */
  tiktokObserver?: ApiObserver;
  /** See `TikTokSimulatorOptions.autoSend`. @default {true} */
  tiktokAutoSend?: boolean;
  /** Sees every answer of a function on the public port. */
  functionObserver?: FunctionObserver;
  /** Receives each line that the functions write. */
  onFunctionLine?: (line: string) => void;
  /** Receives each request to the APIs and functions with its answer. */
  onRequest?: (request: AnsweredRequest) => void;
  /** Receives a line after each change of the functions' files. @default {functions are not reloaded} */
  onReload?: (message: string) => void;
  /** Receives the name of each step before it begins. */
  onProgress?: (message: string) => void;
  /** Receives a line about each mail that Auth sends. */
  onMail?: (line: string) => void;
  /** Receives errors that happen while the stack runs. */
  onWarning?: (message: string) => void;
}
