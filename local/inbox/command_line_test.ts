import assert from "node:assert/strict";
import { UsageError } from "../cli/command.ts";
import { parseEventsCommand } from "./command_line.ts";

Deno.test("events: valid arguments", () => {
  const now = Date.parse("2026-11-23T10:00:00Z");
  const understood: [string[], unknown][] = [
    [[], { name: "counts", json: false }],
    [["list"], { name: "list", filter: {}, limit: 50, json: false }],
    [["list", "--since", "2h", "--until", "2026-11-23T10:30:00+01:00"], {
      ...{ name: "list", limit: 50, json: false },
      filter: {
        received_after: "2026-11-23T08:00:00.000Z",
        received_before: "2026-11-23T09:30:00.000Z",
      },
    }],
    [["list", "--before", "7", "--limit", "1000", "--json", "--reason", "order_limit"], {
      ...{ name: "list", limit: 1000, before: "7", json: true },
      filter: { reason: "order_limit" },
    }],
    [["show", "7", "--body"], { name: "show", id: "7", body: true, json: false }],
    [["replay", "7", "--yes"], { name: "replay", id: "7" }],
    [["replay", "--object", "1", "--since", "3d"], {
      ...{ name: "replay_all", limit: 1000, yes: false },
      filter: { object_id: "1", received_after: "2026-11-20T10:00:00.000Z" },
    }],
  ];
  for (const [args, expected] of understood) {
    const { database, ...command } = parseEventsCommand(args, now) ?? {};
    assert.deepEqual(command, expected, args.join(" "));
    assert.equal(database?.data, ".local");
  }
});

Deno.test("events: help and invalid arguments", () => {
  const now = Date.parse("2026-11-23T10:00:00Z");
  for (const args of [["--help"], ["list", "-h"], ["show", "--help"], ["replay", "--help"]]) {
    assert.equal(parseEventsCommand(args), undefined);
  }
  const refused: [string[], RegExp][] = [
    [["lst"], /Unknown subcommand "lst": it may be list, show or replay/],
    [["--json", "list"], /"list" comes before the options/],
    [["--status", "dead"], /--status/],
    [["list", "7"], /"7" is not understood/],
    [["list", "--limit", "0"], /--limit takes a number from 1 to 1000, not "0"/],
    [["list", "--limit", "1e2"], /--limit/],
    [["list", "--limit", "1001"], /--limit/],
    [["list", "--before", "x"], /--before takes an event's ID, not "x"/],
    [["list", "--since", "yesterday"], /--since takes a time like .*, not "yesterday"/],
    [["list", "--since", "1"], /--since/],
    [["list", "--until", "2026-13-01"], /--until/],
    [["list", "--error", ""], /--error takes a text/],
    [["list", "--yes"], /--yes/],
    [["show"], /show takes an event's ID/],
    [["show", "1", "2"], /"2" is not understood/],
    [["show", "1;2"], /show takes an event's ID, not "1;2"/],
    [["replay"], /replay takes an ID, or at least one of/],
    [["replay", "--source", "tiktok", "--since", "1d"], /at least one of --status, --type, /],
    [["replay", "7", "--status", "dead"], /an ID or filters, not both/],
    [["replay", "7", "--limit", "1"], /not both/],
    [["replay", "--status", "dead", "--limit", "10001"], /1 to 10000/],
  ];
  for (const [args, message] of refused) {
    assert.throws(() => parseEventsCommand(args, now), (error) => {
      assert.ok(error instanceof UsageError, args.join(" "));
      assert.match(error.message, message);
      return true;
    });
  }
});
