/** @jsxImportSource hono/jsx/dom */
/** A table whose rows are read page by page. */
import type { Child } from "hono/jsx";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => Child;
  /** Numbers stand at the end of their column. */
  isNumber?: boolean;
  /** Left out on a phone. */
  isWideOnly?: boolean;
}

export interface TableProps<Row> {
  /** Says what the rows are, for screen readers. */
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Whether a row came in while the page was open. */
  isNew?: (row: Row) => boolean;
}

function classOf<Row>({ isNumber, isWideOnly }: Column<Row>): string {
  return [isNumber && "end number", isWideOnly && "wide-only"].filter(Boolean).join(" ");
}

export function Table<Row>({ caption, columns, rows, keyOf, isNew }: TableProps<Row>) {
  return (
    <div class="table-scroll" role="group" aria-label={caption} tabIndex={0}>
      <table class="table">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" class={classOf(column)}>{column.head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={isNew?.(row) ? "is-new" : ""}>
              {columns.map((column) => (
                <td key={column.head} class={classOf(column)}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export interface PagerProps {
  text: string;
  /** Left out where there is no such page. */
  onNewer?: (() => void) | undefined;
  onOlder?: (() => void) | undefined;
}

function TurnButton({ text, onTurn }: { text: string; onTurn: (() => void) | undefined }) {
  return (
    <button
      type="button"
      class="button plain small"
      disabled={!onTurn}
      onClick={() => onTurn?.()}
    >
      {text}
    </button>
  );
}

export function Pager({ text, onNewer, onOlder }: PagerProps) {
  return (
    <div class="pager">
      <span role="status">{text}</span>
      <TurnButton text="Newer" onTurn={onNewer} />
      <TurnButton text="Older" onTurn={onOlder} />
    </div>
  );
}
