/** @jsxImportSource hono/jsx/dom */
/** An outage of TikTok's API: webhooks go on, calls fail. */
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Select } from "../../components/field.tsx";
import { Notice } from "../../components/notice.tsx";
import { changeWorld, endOutages, listOutages } from "../../data/world.ts";
import { formatClock, formatNumber } from "../../format.ts";
import { useState } from "../../hooks.ts";
import { useQuery } from "../../use_query.ts";
import { addEffect } from "./effect_list.ts";

const READ_MS = 3000;
const DURATIONS = [["30", "30 seconds"], ["60", "1 minute"], ["300", "5 minutes"]] as const;

export function Outages() {
  const [seconds, setSeconds] = useState<string>(DURATIONS[1][0]);
  const { data: outages, reload } = useQuery("world-outages", listOutages, {
    everyMs: READ_MS,
    hasRows: false,
  });
  const begin = async (): Promise<void> => {
    await changeWorld("faults", { kind: "internal", seconds: Number(seconds) });
    addEffect({
      sent: `TikTok's API fails for ${formatNumber(Number(seconds))} seconds`,
      answer: "Webhooks still come; events wait, and are tried again.",
      link: { href: "/operator/inbox", text: "Inbox" },
    });
    reload();
  };
  const end = async (): Promise<void> => {
    await endOutages();
    addEffect({
      sent: "TikTok's API works again",
      answer: "Waiting events are tried again within a minute or two.",
    });
    reload();
  };
  const current = outages?.at(-1);
  return (
    <Card title="Outage of TikTok">
      {current && (
        <Notice
          tone="warn"
          action={<ActionButton kind="plain" isSmall onPress={end}>End it now</ActionButton>}
        >
          TikTok's API fails{current.ends_at ? ` until ${formatClock(current.ends_at)}` : ""}.
        </Notice>
      )}
      <Select
        label="Duration"
        name="seconds"
        value={seconds}
        options={DURATIONS}
        onChange={setSeconds}
      />
      <div class="row">
        <ActionButton kind="danger" onPress={begin}>Begin an outage</ActionButton>
      </div>
    </Card>
  );
}
