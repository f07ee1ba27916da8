/** The files behind a label's addresses: small, and what their types say. */
import { Hono } from "hono";
import { refusals } from "./errors.ts";
import type { EasyPostState, LabelFormat } from "./state.ts";

/** One black point. */
const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
);

/** One page of 4 x 6 inches with a line of text. */
function pdf(text: string): string {
  const content = `BT /F1 18 Tf 20 380 Td (${text}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]/Contents 4 0 R" +
    "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
    `<</Length ${content.length}>>\nstream\n${content}\nendstream`,
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, i) => {
    const offset = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  return `${file}xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}` +
    `trailer\n<</Size ${size}/Root 1 0 R>>\nstartxref\n${file.length}\n%%EOF\n`;
}

const FILES: Record<string, [format: LabelFormat, type: string, make: (code: string) => BodyInit]> =
  {
    png: ["PNG", "image/png", () => PNG],
    pdf: ["PDF", "application/pdf", pdf],
    zpl: ["ZPL", "application/zpl", (code) => `^XA^FO50,50^A0N,40^FD${code}^FS^XZ\n`],
  };

/** `/labels/:file`: whoever has the address may read it. */
export function labelRoutes(state: EasyPostState): Hono {
  const app = new Hono();
  app.get("/:file", (c) => {
    const [id, extension = ""] = c.req.param("file").split(".");
    const purchase = state.all("shipments").find((shipment) => shipment.purchase?.label.id === id)
      ?.purchase;
    const [format, type, make] = FILES[extension] ?? [];
    const { label, trackingCode } = purchase ?? {};
    const isMade = format && (label?.format === format || label?.converted.includes(format));
    if (!isMade || !trackingCode) throw refusals.notFound();
    return new Response(make?.(trackingCode), { headers: { "content-type": type ?? "" } });
  });
  return app;
}
