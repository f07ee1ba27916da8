/** Reads a ZIP of stored files by its own directory, as an unpacker does. */
import assert from "node:assert/strict";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

/** The texts in the archive by name. Fails for a file that was broken off: its directory comes last. */
export function readZip(bytes: Uint8Array<ArrayBuffer>): Map<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (start: number, length: number) =>
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes.subarray(start, start + length));
  const end = bytes.byteLength - 22;
  assert.equal(view.getUint32(end, true), END, "the archive has its end");
  const files = new Map<string, string>();
  let entry = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    assert.equal(view.getUint32(entry, true), ENTRY);
    assert.equal(view.getUint16(entry + 10, true), 0, "the files are stored as they are");
    const size = view.getUint32(entry + 20, true);
    const nameLength = view.getUint16(entry + 28, true);
    const local = view.getUint32(entry + 42, true);
    assert.equal(view.getUint32(local, true), LOCAL);
    const content = local + 30 + view.getUint16(local + 26, true) +
      view.getUint16(local + 28, true);
    files.set(text(entry + 46, nameLength), text(content, size));
    entry += 46 + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
  }
  return files;
}
