/**
 * Runs the current folder's index.js as the hosted edge runtime does, under its version of Deno. Listens on
 * a free port of 127.0.0.1 and prints it; ends when its standard input ends. What the platform lacks is
 * missing here too (supabase/edge-runtime, ext/runtime/js).
 */
const { env, exit, serve, stdin, stdout, version } = Deno;

/** Members of the platform's `Deno`. */
const MEMBERS = [
  ...["serve", "upgradeWebSocket", "listen", "connect", "connectTls", "startTls", "resolveDns"],
  ...["permissions", "Permissions", "PermissionStatus", "errors", "refTimer", "unrefTimer"],
  ...["stdout", "stdin", "stderr", "build", "env", "pid", "mainModule", "cwd", "open", "stat"],
  ...["realPath", "create", "remove", "writeFile", "writeTextFile", "readFile", "readTextFile"],
  ...["mkdir", "makeTempDir", "readDir", "memoryUsage", "hostname"],
];

/** Exist, and throw. */
const BLOCKED = ["readFileSync", "readTextFileSync", "writeFileSync", "writeTextFileSync"];

const hosted = Object.fromEntries(MEMBERS.map((name) => [name, Deno[name]]));
for (const name of BLOCKED) {
  hosted[name] = () => {
    throw new Error(`Deno.${name} is blocklisted`);
  };
}
hosted.args = [];
hosted.exit = () => {};
hosted.version = {
  ...version,
  deno: `supabase-edge-runtime-1.74.0 (compatible with Deno v${version.deno})`,
};
Object.defineProperty(globalThis, "Deno", { value: hosted });
delete globalThis.SharedArrayBuffer;
// Packages import these; as globals they are not everywhere.
for (const name of ["Buffer", "setImmediate", "clearImmediate", "global"]) delete globalThis[name];

// The variables of this process that only Deno itself needs.
for (const name of ["HOME", "DENO_DIR", "PATH", "NO_COLOR"]) env.delete(name);

const active = new Set();
globalThis.EdgeRuntime = {
  waitUntil(promise) {
    const tracked = promise.catch(() => {}).finally(() => active.delete(tracked));
    active.add(tracked);
  },
};

// The upload: the current folder has nothing else.
const { default: handler } = await import(`file://${hosted.cwd()}/index.js`);
if (typeof handler?.fetch !== "function") throw new Error('No "export default { fetch }"');

serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => stdout.writeSync(new TextEncoder().encode(`${port}\n`)),
}, (request) => handler.fetch(request));

for await (const _ of stdin.readable) { /* nothing is ever sent */ }
while (active.size > 0) await Promise.all(active);
exit(0);
