/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** The log of the functions, as it grows. */
import { useRef } from "hono/jsx/dom";
import { useState } from "../../hooks.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { Field, Select } from "../../components/field.tsx";
import { Several } from "../../components/several.tsx";
import { callConsole } from "../../console_api.ts";
import { useQuery } from "../../use_query.ts";
import { OperatorFrame } from "./operator_frame.tsx";

interface Line {
  time: string | null;
  level: string | null;
  text: string;
}

interface NumberedLine extends Line {
  id: number;
}

const READ_MS = 1000;
/** Older lines are in the file. */
const KEPT = 500;
const TONES: Record<string, Tone> = { info: "calm", warn: "warn", error: "bad" };

/** Reads what is new since the last reading. */
function makeReader() {
  let next = 0;
  let count = 0;
  let lines: NumberedLine[] = [];
  return async (): Promise<NumberedLine[]> => {
    const part = await callConsole<{ lines: Line[]; next: number }>(`operator/log?after=${next}`);
    // A reset has begun a new file.
    if (part.next < next) lines = [];
    next = part.next;
    const added = part.lines.map((line) => ({ ...line, id: ++count }));
    return lines = [...lines, ...added].slice(-KEPT);
  };
}

const LEVELS = [
  ["", "All levels"],
  ["warn", "Warnings and errors"],
  ["error", "Errors"],
] as const;

/** A line without a level is not ours: an error that nothing caught, for example. */
const SHOWN_LEVELS: Record<string, readonly (string | null)[]> = {
  warn: ["warn", "error", null],
  error: ["error", null],
};

function fits(line: Line, text: string, level: string): boolean {
  return (SHOWN_LEVELS[level]?.includes(line.level) ?? true) &&
    line.text.toLowerCase().includes(text.toLowerCase());
}

function Lines({ lines }: { lines: NumberedLine[] }) {
  return (
    <ol class="log" aria-label="Log lines, the newest first" tabIndex={0}>
      {lines.toReversed().map(({ id, time, level, text }) => (
        <li key={id}>
          <span class="muted number">{time?.slice(11, 23) ?? ""}</span>
          <Badge tone={TONES[level ?? ""] ?? "calm"}>{level ?? "text"}</Badge>
          <span class="mono">{text}</span>
        </li>
      ))}
    </ol>
  );
}

export function LogPage() {
  const reader = useRef<ReturnType<typeof makeReader> | null>(null);
  reader.current ??= makeReader();
  const read = reader.current;
  const [text, setText] = useState("");
  const [level, setLevel] = useState("");
  const query = useQuery("log", read, { everyMs: READ_MS });
  return (
    <OperatorFrame
      title="Log"
      about="What the functions write, without personal data; times in UTC."
      query={query}
      show={(lines) => {
        const shown = lines.filter((line) => fits(line, text, level));
        return (
          <Several>
            <search class="filters two">
              <Field label="Only lines with" name="text" type="search" onInput={setText} />
              <Select
                label="Level"
                name="level"
                value={level}
                options={LEVELS}
                onChange={setLevel}
              />
            </search>
            <Card isFlush>
              {shown.length === 0
                ? (
                  <EmptyState
                    icon="log"
                    title={text || level ? "No line fits" : "No line yet"}
                    level={2}
                  />
                )
                : <Lines lines={shown} />}
            </Card>
          </Several>
        );
      }}
    />
  );
}
