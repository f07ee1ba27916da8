/** What the channels of one server share. */
// @ts-types="../postgres/pg.d.ts"
import type { Pool } from "pg";
import type { JwtCheck } from "../gateway/verify_jwt.ts";
import type { Presence } from "./presence.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Topics } from "./topics.ts";

export interface Services {
  jwtCheck: JwtCheck;
  /** Connections of the role `authenticator`. */
  userPool: Pool;
  topics: Topics;
  presence: Presence;
  subscriptions: Subscriptions;
  /** Resolves once every later change is kept for its delivery; rejects with the reason why not. */
  requireReplication(): Promise<void>;
  /** Milliseconds. */
  now(): number;
}
