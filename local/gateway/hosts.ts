/**
 * The names under which the stack answers. A page that points its own name at this machine (DNS rebinding)
 * would otherwise read it as if it were its own site.
 */

const LOCAL_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/** @param allowed Further names, such as that of a tunnel. */
export function isKnownHost(request: Request, allowed: readonly string[] = []): boolean {
  const names = [...LOCAL_NAMES, ...allowed];
  // The URL follows the header, unless the request line had a whole address.
  const header = request.headers.get("host");
  const hosts = [request.url, ...(header === null ? [] : [`http://${header}`])];
  return hosts.every((host) => names.includes(URL.parse(host)?.hostname ?? ""));
}
