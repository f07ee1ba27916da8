/**
 * The names under which the stack answers. A page that points its own name at this machine (DNS rebinding)
 * would otherwise read it as if it were its own site.
 */

const LOCAL_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/**
 * The first name in the request that is not one of ours; empty if it is not a name, `undefined` if all are ours.
 * @param allowed Further names, such as that of a tunnel.
 */
export function foreignHost(
  request: Request,
  allowed: readonly string[] = [],
): string | undefined {
  const names = [...LOCAL_NAMES, ...allowed];
  // The URL follows the header, unless the request line had a whole address. A tunnel may write localhost into the
  // header, and passes its own name on.
  const headers = ["host", "x-forwarded-host"].flatMap((name) =>
    request.headers.get(name)?.split(",") ?? []
  );
  return [request.url, ...headers.map((header) => `http://${header.trim()}`)]
    .map((host) => URL.parse(host)?.hostname ?? "")
    .find((hostname) => !names.includes(hostname));
}

export function isKnownHost(request: Request, allowed?: readonly string[]): boolean {
  return foreignHost(request, allowed) === undefined;
}
