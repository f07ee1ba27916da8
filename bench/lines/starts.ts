/** `bench starts`: what each function loads and computes until its first answer, against an empty one. */
import { dirname } from "node:path";
import type { Bundle } from "../../local/deploy/bundle.ts";
import { startHostedFunction } from "../../local/deploy/hosted_function.ts";
import { HOSTED_DENO } from "../../local/deploy/hosted_deno.ts";
import { kilobytes } from "../../local/deploy/kilobytes.ts";
import { makeBundles, makeVariables, variablesFor } from "../measure/bundles.ts";
import { cpuMs } from "../measure/cpu.ts";
import { type FirstCall, firstCalls } from "../measure/first_calls.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { median, sampleInTurn, subtractRounds } from "../measure/rounds.ts";
import { startStandIn } from "../measure/stand_in.ts";
import { startWebhookProcess } from "../measure/webhook_process.ts";

const ROUNDS = 7;
const WEBHOOK = { ms: 50, kB: 200 };
const OTHER = { ms: 60 };

const isWebhook = (name: string) => name.endsWith("-webhooks");

/** CPU of a process from its start to its first answer, on the hosted runtime: a later start of a deployment. */
async function startHosted(
  bundle: Bundle,
  variables: Record<string, string>,
  { path, init, status }: FirstCall,
): Promise<number> {
  const folder = `${dirname(bundle.path)}.hosted`;
  await using started = await startHostedFunction(bundle, variables, { folder });
  const response = await started.fetch(`/${path}`, init);
  const text = await response.text();
  if (response.status !== status) throw new Error(`${path}: ${response.status} ${text}`);
  return await cpuMs(started.pid);
}

/** The same on this Deno, without a server. */
async function startHere(
  bundle: Bundle,
  variables: Record<string, string>,
  { path, init }: FirstCall,
): Promise<number> {
  await using started = await startWebhookProcess(bundle.path, variables, Deno.execPath());
  await started.send([{ url: `http://127.0.0.1/${path}`, init }]);
  return await cpuMs(started.pid);
}

async function measure(): Promise<Comparison[]> {
  await using bundles = await makeBundles();
  await using standIn = startStandIn();
  const env = await makeVariables(bundles.folder, standIn.url);
  const calls = firstCalls(env);
  const start = (begin: typeof startHosted, name: string) => () =>
    begin(
      bundles.byName.get(name) as Bundle,
      variablesFor(env, name),
      calls[name] as FirstCall,
    );
  const names = Object.keys(calls);
  const ours = names.filter((name) => isWebhook(name) || name === "empty");
  const samples = await sampleInTurn(ROUNDS, {
    ...Object.fromEntries(names.map((name) => [name, start(startHosted, name)])),
    ...Object.fromEntries(ours.map((name) => [`${name} here`, start(startHere, name)])),
  });

  const compare = (name: string, place: string, runtime: string): Comparison => {
    const own = samples[`${name}${place}`] ?? [];
    const empty = samples[`empty${place}`] ?? [];
    return {
      what: `${name}, ${runtime}`,
      against: "an empty Hono function, whose CPU to the first answer is subtracted",
      ...subtractRounds(own, empty),
      unit: "ms",
      target: { bound: "at most", value: isWebhook(name) ? WEBHOOK.ms : OTHER.ms },
      figures: `${median(own).toFixed(0)} ms : ${median(empty).toFixed(0)} ms`,
    };
  };
  const functions = names.filter((name) => name !== "empty");
  const bytes = (name: string, size: "bytes" | "startBytes") =>
    bundles.byName.get(name)?.[size] ?? NaN;
  return [
    ...functions.map((name): Comparison => ({
      what: `${name}, read at the start`,
      against: "its files, and an empty Hono function",
      ratio: bytes(name, "startBytes") / 1000,
      unit: "kB",
      ...isWebhook(name) && { target: { bound: "at most", value: WEBHOOK.kB } },
      figures: [
        `${kilobytes(bytes(name, "startBytes"))} of ${kilobytes(bytes(name, "bytes"))}`,
        kilobytes(bytes("empty", "startBytes")),
      ].join(" : "),
    })),
    ...functions.map((name) => compare(name, "", `Deno ${HOSTED_DENO}`)),
    ...functions.filter(isWebhook).map((name) =>
      compare(name, " here", `Deno ${Deno.version.deno}`)
    ),
  ];
}

export const startsLine: Line = {
  name: "starts",
  title: "A function is small, and answers soon after its start",
  measure,
};
