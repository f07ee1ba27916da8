/** CPU time of programs with all that they have started. */
import process from "node:process";

/** Runs the program in its arguments, then writes its times into the file that is the first. */
const TIMED = 'file=$1; shift; "$@"; code=$?; times > "$file"; exit $code';

/** A command that runs the program, and writes its times into a file. Windows has no sh: there it does not. */
export function timeProgram(file: string, program: string, args: string[]): [string, string[]] {
  if (Deno.build.os === "windows") return [program, args];
  return ["sh", ["-c", TIMED, "sh", file, program, ...args]];
}

/** Sum of the times that `times` of sh prints, each such as `1m2.34s`. */
export function readTimes(text: string): number {
  return [...text.matchAll(/(\d+)m([\d.]+)s/g)]
    .reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** Units of the times in /proc, the same on every Linux. */
const TICKS_PER_SECOND = 100;

/** CPU seconds of all programs that this process has started and that have ended; 0 except on Linux. */
export async function readEndedPrograms(): Promise<number> {
  const stat = await Deno.readTextFile("/proc/self/stat").catch(() => "");
  // The program's name, in brackets, may have spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user = 0, system = 0] = fields.slice(13, 15).map(Number);
  return (user + system) / TICKS_PER_SECOND;
}

/** CPU seconds of this process itself. */
export function readOwn(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
