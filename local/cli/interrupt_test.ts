import assert from "node:assert/strict";

const INTERRUPT = new URL("./interrupt.ts", import.meta.url).href;
const GUARD = new URL("../leftovers/temporary_folder.ts", import.meta.url).href;

/** A command whose work fails as soon as its leftovers are being removed. */
const PROGRAM = `
  import { endOnInterrupt } from ${JSON.stringify(INTERRUPT)};
  import { makeTemporaryFolder } from ${JSON.stringify(GUARD)};
  endOnInterrupt("Interrupted: nothing is left running.", { endsWithLauncher: false });
  const { path } = await makeTemporaryFolder("creatorflow-interrupt-");
  Deno.addSignalListener("SIGTERM", () => {
    Promise.reject(new Error("a promise that nothing awaits"));
    setTimeout(() => { throw new Error("a timer"); }, 0);
  });
  console.log(path);
  setTimeout(() => {}, 60_000);
`;

Deno.test({
  name:
    "what fails while an interrupted command ends is not said: its last line is the one that was",
  ignore: Deno.build.os === "windows",
  async fn() {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", PROGRAM],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const path = (await reader.read()).value?.trim() as string;
    process.kill("SIGTERM");
    let said = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) said += part.value;
    const errors = await new Response(process.stderr).text();
    assert.equal((await process.status).code, 143);
    assert.equal((said + errors).trim(), "Interrupted: nothing is left running.");
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  },
});
