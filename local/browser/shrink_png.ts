/** Makes a picture of a page smaller: few colours, named by a palette. */
import UPNG from "upng-js";

/** Enough for texts with smooth edges on some surfaces. */
const COLOURS = 128;

export function shrinkPng(png: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(png).buffer;
  const picture = UPNG.decode(bytes);
  const frames = UPNG.toRGBA8(picture);
  return new Uint8Array(UPNG.encode(frames, picture.width, picture.height, COLOURS));
}
