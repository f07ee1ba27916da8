/** CPU time of a process, user and system. */

/** `[[dd-]hh:]mm:ss[.cc]`, as ps prints it. */
function psMs(text: string): number {
  const [days, time] = text.includes("-") ? text.split("-") : ["0", text];
  const seconds = (time ?? "").trim().split(":")
    .reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1000;
}

/** Milliseconds so far, of all threads that live. By nanoseconds on Linux, by hundredths elsewhere. */
export async function cpuMs(pid: number): Promise<number> {
  if (Deno.build.os !== "linux") {
    const { stdout } = await new Deno.Command("ps", { args: ["-o", "time=", "-p", String(pid)] })
      .output();
    return psMs(new TextDecoder().decode(stdout));
  }
  let nanoseconds = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    // A thread may end meanwhile.
    const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => "0");
    nanoseconds += Number(text.split(" ")[0]);
  }
  return nanoseconds / 1e6;
}
