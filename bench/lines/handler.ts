/** `bench handler`: the CPU of the webhook's handler, against a bare one. */
import { HOSTED_DENO, hostedDeno } from "../../local/deploy/hosted_deno.ts";
import { makeBundles, makeVariables, variablesFor } from "../measure/bundles.ts";
import { signedByTikTok, tiktokBody } from "../measure/first_calls.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, median, sampleInTurn } from "../measure/rounds.ts";
import { startStandIn } from "../measure/stand_in.ts";
import { startWebhookProcess } from "../measure/webhook_process.ts";

const ROUNDS = 7;
const REQUESTS_A_ROUND = 480;
const TARGET = 2;

async function measureOn(runtime: string, deno: string): Promise<Comparison[]> {
  await using resources = new AsyncDisposableStack();
  const bundles = resources.use(await makeBundles(["tiktok-webhooks"]));
  const standIn = resources.use(startStandIn());
  const env = await makeVariables(bundles.folder, standIn.url);
  const start = async (name: string) => {
    const path = bundles.byName.get(name)?.path ?? "";
    return resources.use(await startWebhookProcess(path, variablesFor(env, name), deno));
  };
  const [webhook, bare] = [await start("tiktok-webhooks"), await start("bare-webhook")];
  let sent = 0;
  const requestsTo = (name: string) =>
    Array.from({ length: REQUESTS_A_ROUND }, () => ({
      url: `http://127.0.0.1/${name}`,
      init: signedByTikTok(env, tiktokBody(++sent)),
    }));
  const send = (duplicates: boolean) => () => {
    standIn.duplicates = duplicates;
    return webhook.send(requestsTo("tiktok-webhooks"));
  };
  const samples = await sampleInTurn(ROUNDS, {
    fresh: send(false),
    duplicate: send(true),
    bare: () => bare.send(requestsTo("bare-webhook")),
  });
  const us = (rounds: number[]) => Math.round(median(rounds) / REQUESTS_A_ROUND * 1000);
  return ([["a new event", samples.fresh], ["a duplicate", samples.duplicate]] as const)
    .map(([what, rounds]) => ({
      what: `${what}, ${runtime}`,
      against: "a bare Hono handler that reads, verifies, parses and stores",
      ...compareRounds(rounds, samples.bare),
      target: { bound: "at most", value: TARGET },
      figures: `${us(rounds)} us : ${us(samples.bare)} us of CPU`,
    }));
}

export const handlerLine: Line = {
  name: "handler",
  title: "The webhook's handler costs little more CPU than the least that a webhook does",
  measure: async () => [
    ...await measureOn(`Deno ${HOSTED_DENO}`, await hostedDeno()),
    ...await measureOn(`Deno ${Deno.version.deno}`, Deno.execPath()),
  ],
};
