/** Sizes of bundles for people: in whole kB, as docs/performance.md has them. */
export const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`;
