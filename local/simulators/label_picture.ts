/** A simulated label as a picture: its lines as text, and bars that stand for the tracking number. */
import { deflateSync } from "node:zlib";

/** 4 x 6 inches at 100 dots an inch. */
const WIDTH = 400;
const HEIGHT = 600;
const MARGIN = 24;
const BYTES_A_ROW = WIDTH / 8;

/** From the space to Z: five columns of seven dots a character, the lowest bit at the top. */
const FONT = [
  ..."0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649562050".split(" "),
  ..."0008070300 001C224100 0041221C00 2A1C7F1C2A 08083E0808 0060602000 0808080808".split(" "),
  ..."0000606000 2010080402 3E5149453E 00427F4000 7249494946 2141494D33 1814127F10".split(" "),
  ..."2745454539 3C4A494931 4121110907 3649494936 464949291E 0000140000 0040340000".split(" "),
  ..."0008142241 1414141414 0041221408 0201590906 3E415D594E 7C1211127C 7F49494936".split(" "),
  ..."3E41414122 7F4141413E 7F49494941 7F09090901 3E41415173 7F0808087F 00417F4100".split(" "),
  ..."2040413F01 7F08142241 7F40404040 7F021C027F 7F0408107F 3E4141413E 7F09090906".split(" "),
  ..."3E4151215E 7F09192946 2649494932 03017F0103 3F4040403F 1F2040201F 3F4038403F".split(" "),
  ..."6314081463 0304780403 6159494D43".split(" "),
];

/** White rows of one bit a dot; each begins with the byte that says "not filtered". */
function makeRows(): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: HEIGHT }, () => {
    const row = new Uint8Array(BYTES_A_ROW + 1).fill(0xff);
    row[0] = 0;
    return row;
  });
}

function fill(rows: Uint8Array[], x: number, y: number, width: number, height: number): void {
  for (const row of rows.slice(y, y + height)) {
    for (let dot = x; dot < Math.min(x + width, WIDTH); dot++) {
      const index = 1 + (dot >> 3);
      row[index] = (row[index] ?? 0) & ~(0x80 >> (dot & 7));
    }
  }
}

function drawText(rows: Uint8Array[], text: string, x: number, y: number, size: number): void {
  for (const [place, character] of Array.from(text.toUpperCase()).entries()) {
    const glyph = FONT[character.charCodeAt(0) - 32] ?? FONT["?".charCodeAt(0) - 32] ?? "";
    for (let column = 0; column < 5; column++) {
      const dots = parseInt(glyph.slice(2 * column, 2 * column + 2), 16);
      for (let dot = 0; dot < 7; dot++) {
        const left = x + (6 * place + column) * size;
        if ((dots >> dot) & 1) fill(rows, left, y + dot * size, size, size);
      }
    }
  }
}

/** Not a barcode of any standard: no scanner takes it for a real label. */
function drawBars(rows: Uint8Array[], text: string, y: number): void {
  let x = MARGIN;
  for (let place = 0; x < WIDTH - MARGIN - 8; place++) {
    const width = 2 + 2 * (text.charCodeAt(place % Math.max(1, text.length)) % 3 || 0);
    fill(rows, x, y, width, 110);
    x += width + 4;
  }
}

/** The checksum of a PNG chunk. zlib's own is missing in the hosted runtime, where unit tests run too. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = new Uint8Array([...new TextEncoder().encode(type), ...data]);
  const bytes = new Uint8Array(named.length + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(named, 4);
  view.setUint32(named.length + 4, crc32(named));
  return bytes;
}

function encodePng(rows: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, WIDTH);
  view.setUint32(4, HEIGHT);
  // One bit a dot; grey; the only compression, filter and order.
  header.set([1, 0, 0, 0, 0], 8);
  const dots = new Uint8Array(rows.flatMap((row) => Array.from(row)));
  return new Uint8Array([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", deflateSync(dots)),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

export function drawLabelPicture(lines: string[]): Uint8Array<ArrayBuffer> {
  const rows = makeRows();
  for (const y of [8, HEIGHT - 11]) fill(rows, 8, y, WIDTH - 16, 3);
  for (const x of [8, WIDTH - 11]) fill(rows, x, 8, 3, HEIGHT - 16);
  const [title = "", ...others] = lines;
  drawText(rows, title, MARGIN, 30, title.length > 14 ? 3 : 4);
  fill(rows, 8, 76, WIDTH - 16, 3);
  for (const [index, text] of others.entries()) {
    // What is longer than a line of this size is smaller.
    const size = text.length > 29 ? 1 : 2;
    drawText(rows, text, MARGIN, 100 + 28 * index, size);
  }
  drawBars(rows, others.join(""), 420);
  drawText(rows, "SIMULATED", MARGIN, 550, 3);
  return encodePng(rows);
}
