/** Shipping documents as files: a PDF of plain text, or ZPL for label printers. */
import { addressOnLabel } from "./addresses.ts";
import { linesOf } from "./packages.ts";
import type { SimulatedPackage } from "./package_types.ts";
import type { SimulatedOrder } from "./state.ts";

export const DOCUMENT_TYPES = [
  "SHIPPING_LABEL",
  "PACKING_SLIP",
  "SHIPPING_LABEL_AND_PACKING_SLIP",
] as const;
export type DocumentType = typeof DOCUMENT_TYPES[number];

/** Width and height in points. */
export const PAGE_SIZES = { A6: [298, 420], A5: [420, 595] } as const;
export type PageSize = keyof typeof PAGE_SIZES;

/** The texts of each page. */
export function documentPages(
  type: DocumentType,
  found: SimulatedPackage,
  order: SimulatedOrder,
): string[][] {
  const { id, trackingNumber = "", providerName = "" } = found;
  const label = ["SHIPPING LABEL", providerName, trackingNumber, `Package ${id}`];
  const items = linesOf(order).filter((line) => found.lineItemIds.includes(line.id))
    .map((line) => `1 x ${line.product_name} (${line.seller_sku})`);
  const pages = {
    SHIPPING_LABEL: [...label, ...addressOnLabel()],
    PACKING_SLIP: ["PACKING SLIP", `Order ${found.orderId}`, ...items],
  };
  if (type !== "SHIPPING_LABEL_AND_PACKING_SLIP") return [pages[type]];
  return [pages.SHIPPING_LABEL, pages.PACKING_SLIP];
}

function pageContent(texts: string[], height: number): string {
  // One byte for each character: the offsets below count on it.
  const plain = (text: string) => text.replace(/[^ -~]/g, "?").replace(/[\\()]/g, "\\$&");
  const lines = texts.map((text) => `(${plain(text)}) Tj T*`);
  const stream = `BT /F1 11 Tf 16 TL 24 ${height - 40} Td ${lines.join(" ")} ET`;
  return `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`;
}

export function pdf(pages: string[][], size: PageSize): Uint8Array<ArrayBuffer> {
  const [width, height] = PAGE_SIZES[size];
  const kids = pages.map((_, index) => `${4 + 2 * index} 0 R`);
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids.join(" ")}] /Count ${pages.length} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ...pages.flatMap((texts, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] ` +
      `/Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * index} 0 R >>`,
      pageContent(texts, height),
    ]),
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const count = objects.length + 1;
  text += `xref\n0 ${count}\n0000000000 65535 f \n${offsets.join("")}` +
    `trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`;
  return new TextEncoder().encode(text);
}

export function zpl(pages: string[][]): Uint8Array<ArrayBuffer> {
  const fields = (texts: string[]) =>
    texts.map((text, index) => `^FO40,${40 + 50 * index}^A0N,36,36^FD${text}^FS`).join("\n");
  const text = pages.map((texts) => `^XA\n${fields(texts)}\n^XZ\n`).join("");
  return new TextEncoder().encode(text);
}
