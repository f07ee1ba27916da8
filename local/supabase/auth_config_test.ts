import assert from "node:assert/strict";
import { readAuthConfig } from "./auth_config.ts";

Deno.test("a setting of [auth] that is missing or wrong is named", async () => {
  const source = new URL("../../supabase/config.toml", import.meta.url);
  const text = await Deno.readTextFile(source);
  assert.ok(await readAuthConfig());
  const path = await Deno.makeTempFile();
  try {
    const spoiled = text.replace(/^jwt_expiry = .*$/m, 'jwt_expiry = "an hour"')
      .replace(/^otp_length = .*$/m, "");
    await Deno.writeTextFile(path, spoiled);
    await assert.rejects(readAuthConfig(new URL(`file://${path}`)), {
      message: "supabase/config.toml: auth.jwt_expiry: expected a number, not a text. " +
        "auth.email.otp_length: expected a number, but it is missing.",
    });
  } finally {
    await Deno.remove(path);
  }
});
