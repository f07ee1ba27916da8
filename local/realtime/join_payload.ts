/** The payload of a join. As on Supabase, a wrong field counts as one that is missing. */
import { z } from "zod";

const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
  .catch(false);

const broadcast = z.object({ ack: flag, self: flag }).catch({ ack: false, self: false });

const presence = z.object({ key: z.string().catch(""), enabled: flag })
  .catch({ key: "", enabled: false });

const config = z.object({
  broadcast,
  presence,
  private: flag,
  postgres_changes: z.array(z.record(z.string(), z.unknown()).nullable())
    .transform((list) => list.filter((entry) => entry !== null))
    .catch([]),
});

const payload = z.object({
  config: config.catch(config.parse({})),
  access_token: z.string().optional().catch(undefined),
  user_token: z.string().optional().catch(undefined),
});

export interface JoinPayload {
  acknowledges: boolean;
  receivesOwn: boolean;
  presenceKey: string;
  hasPresence: boolean;
  isPrivate: boolean;
  postgresChanges: Record<string, unknown>[];
  token: string | undefined;
}

export function readJoinPayload(value: unknown): JoinPayload {
  const { config, access_token, user_token } = payload.catch(payload.parse({})).parse(value);
  return {
    acknowledges: config.broadcast.ack,
    receivesOwn: config.broadcast.self,
    presenceKey: config.presence.key || crypto.randomUUID(),
    hasPresence: config.presence.enabled,
    isPrivate: config.private,
    postgresChanges: config.postgres_changes,
    token: user_token ?? access_token,
  };
}
