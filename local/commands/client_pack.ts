/** `deno task client:pack`: the typed client as an npm package. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { packClient } from "../npm/pack_client.ts";

export default await command(import.meta, {
  name: "client:pack",
  help:
    `Packs the typed client (client/) for npm: JavaScript with its types, for Node, Deno and bundlers.

  npx -y deno@2.9.5 task client:pack

  --out DIR       folder of the package                                       (dist)

In the folder of your project: npm install "PATH", with the path that it prints.`,
  options: { out: { type: "string", default: "dist" } },
  async run({ values: { out } }) {
    print(await packClient(out));
  },
});
