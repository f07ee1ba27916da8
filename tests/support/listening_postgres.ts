/** A stand-in for an attacker between a command and its database; see listening_postgres.mjs. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Certificate, makeCertificate } from "./certificates.ts";

/** An address of this machine that is not one of those that count as local. */
export const ADDRESS = "127.0.0.2";

export interface ListeningPostgres extends AsyncDisposable {
  url: string;
  /** File of the authority that has signed its certificate. */
  caFile: string;
  /** Passwords that it has received. */
  passwords: string[];
}

export const PASSWORD = "the-password";

/** @param certifiedAddress Address in its certificate. @default {its own} */
export async function startListeningPostgres(
  certifiedAddress = ADDRESS,
): Promise<ListeningPostgres> {
  const folder = await Deno.makeTempDir();
  const authority = makeCertificate("An authority");
  const server: Certificate = makeCertificate("A server", authority, certifiedAddress);
  const [caFile, certificate, key] = ["ca.pem", "server.pem", "server.key"]
    .map((name) => join(folder, name)) as [string, string, string];
  await Deno.writeTextFile(caFile, authority.certificate);
  await Deno.writeTextFile(certificate, server.certificate);
  await Deno.writeTextFile(key, server.key);
  const script = fileURLToPath(new URL("./listening_postgres.mjs", import.meta.url));
  const child = new Deno.Command("node", {
    args: [script, certificate, key, ADDRESS],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const passwords: string[] = [];
  const port = Promise.withResolvers<string>();
  const reading = (async () => {
    let text = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      const [first = "", ...received] = text.split("\n").slice(0, -1);
      port.resolve(first);
      passwords.splice(0, passwords.length, ...received);
    }
  })();
  return {
    url: `postgresql://postgres:${PASSWORD}@${ADDRESS}:${await port.promise}/postgres`,
    caFile,
    passwords,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await reading;
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
