/** Small label files for the carriers' simulators. */
import { drawLabelPicture } from "./label_picture.ts";

export type LabelFormat = "PDF" | "PNG" | "ZPL";

/** One page of 4 x 6 inches. */
function drawPdf(lines: string[]): string {
  // One byte a character: the offsets below count on it.
  const plain = (text: string) => text.replace(/[^ -~]/g, "?").replace(/[\\()]/g, "\\$&");
  const texts = lines.map((text) => `(${plain(text)}) Tj T*`).join(" ");
  const content = `BT /F1 12 Tf 18 TL 24 392 Td ${texts} ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R " +
    "/Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  return `${file}xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}` +
    `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
}

function drawZpl(lines: string[]): string {
  const fields = lines.map((text, index) => `^FO40,${40 + 50 * index}^A0N,36,36^FD${text}^FS`);
  return `^XA\n${fields.join("\n")}\n^XZ\n`;
}

export interface LabelFile {
  /** Content type. */
  type: string;
  draw: (lines: string[]) => string | Uint8Array<ArrayBuffer>;
}

export const LABEL_FILES: Record<LabelFormat, LabelFile> = {
  PDF: { type: "application/pdf", draw: drawPdf },
  PNG: { type: "image/png", draw: drawLabelPicture },
  ZPL: { type: "application/zpl", draw: drawZpl },
};
