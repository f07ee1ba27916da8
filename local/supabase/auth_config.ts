/** The section `[auth]` of supabase/config.toml, for the local Auth. */
import { parse } from "smol-toml";
import * as z from "zod";
import { describeIssues } from "../../shared/values/zod_messages.ts";

const CONFIG = new URL("../../supabase/config.toml", import.meta.url);

const AuthSection = z.looseObject({
  auth: z.object({
    enable_signup: z.boolean(),
    jwt_expiry: z.int(),
    minimum_password_length: z.int(),
    additional_redirect_urls: z.array(z.string()),
    email: z.object({
      enabled: z.boolean(),
      enable_confirmations: z.boolean(),
      double_confirm_changes: z.boolean(),
      max_frequency: z.string(),
      otp_length: z.int(),
      otp_expiry: z.int(),
    })
      // Former name of the setting, which @supabase/lite knows.
      .transform(({ enabled, ...email }) => ({ ...email, enable_signup: enabled })),
  }),
});

export type AuthConfig = z.infer<typeof AuthSection>["auth"];

/** @throws {Error} that names the settings that are missing or wrong */
export async function readAuthConfig(config = CONFIG): Promise<AuthConfig> {
  const { success, data, error } = AuthSection.safeParse(parse(await Deno.readTextFile(config)));
  if (success) return data.auth;
  throw new Error(`supabase/config.toml: ${describeIssues(error.issues, "file")}`);
}
