/** `deno task openapi`: writes docs/openapi.json from the schemas of the functions. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { buildDocument, formatDocument } from "../openapi/build_document.ts";

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);

export default await command(import.meta, {
  name: "openapi",
  help:
    `Writes docs/openapi.json, the description of the API, from what each function says about its
routes in operations.ts and from the schemas that check its bodies.

  npx -y deno@2.9.5 task openapi`,
  async run() {
    await Deno.writeTextFile(DOCUMENT, formatDocument(await buildDocument()));
    print("docs/openapi.json is up to date.");
  },
});
