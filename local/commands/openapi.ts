/** `deno task openapi`: writes docs/openapi.json from the schemas of the functions, and the types of client/. */
import { fileURLToPath } from "node:url";
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { buildDocument, formatDocument } from "../openapi/build_document.ts";
import { generateApiTypes, generateColumnTypes } from "../openapi/client_types.ts";

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);
const GENERATED = new URL("../../client/src/generated/", import.meta.url);

export default await command(import.meta, {
  name: "openapi",
  help:
    `Writes docs/openapi.json, the description of the API, from what each function says about its
routes in operations.ts and from the schemas that check its bodies; and the types of client/ from it.

  npx -y deno@2.9.5 task openapi`,
  async run() {
    const document = formatDocument(await buildDocument());
    await Deno.writeTextFile(DOCUMENT, document);
    const api = await generateApiTypes(fileURLToPath(DOCUMENT), document);
    await Deno.writeTextFile(new URL("api.ts", GENERATED), api);
    await Deno.writeTextFile(new URL("columns.ts", GENERATED), generateColumnTypes());
    print("docs/openapi.json and client/src/generated/ are up to date.");
  },
});
