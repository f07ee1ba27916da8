/** Waits for a picture of a page. Playwright's `waitForFunction` needs `eval`, which our pages forbid. */
import type { Locator } from "playwright-core";

/** What an element `img` of the page has. */
interface Picture {
  naturalWidth: number;
  decode(): Promise<void>;
}

/** Returns the width of the picture in pixels, once it is loaded. @throws {Error} if it cannot be shown. */
export async function loadPicture(picture: Locator): Promise<number> {
  return await picture.evaluate(async (element: unknown) => {
    const image = element as Picture;
    await image.decode();
    return image.naturalWidth;
  });
}
