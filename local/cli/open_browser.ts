/** Opens a page in the person's browser. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** A program that opens pages either fails at once, or is the browser and goes on. */
const FAILS_WITHIN_MS = 2000;

const OPENERS: Partial<Record<typeof Deno.build.os, [program: string, ...args: string[]]>> = {
  darwin: ["open"],
  // `start` would read the characters & and ^ of an address.
  windows: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Whether this terminal belongs to a desktop. */
export function canOpenBrowser(get = (name: string) => Deno.env.get(name)): boolean {
  if (get("SSH_CONNECTION") && !get("BROWSER")) return false;
  if (Deno.build.os in OPENERS) return true;
  return ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"].some(get);
}

/** Returns whether a browser was opened. It goes on after this process. */
export async function openBrowser(url: string): Promise<boolean> {
  const [program, ...args] = OPENERS[Deno.build.os] ?? ["xdg-open"];
  const child = spawn(program, [...args, url], { detached: true, stdio: "ignore" });
  const code = await Promise.race([
    once(child, "exit").then(([code]) => code as number, () => 1),
    sleep(FAILS_WITHIN_MS, 0, { ref: false }),
  ]);
  child.unref();
  return code === 0;
}
