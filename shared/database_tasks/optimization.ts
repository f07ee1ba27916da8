/** `optimization`: what costs time and space, in the order to fix it, and the required figures next to the measured ones. */
import type { Performance } from "./catalog.ts";
import type { Sources } from "./documents.ts";
import type { Answer } from "./answer.ts";
import type { DatabaseTask, OptimizationPlan } from "./schemas.ts";

type Step = OptimizationPlan["steps"][number];
type Index = Performance["indexes"][number];
type Spec = NonNullable<DatabaseTask["context"]["performance_requirements"]>;

/** Fewer rows are read as fast by a scan as by an index. */
const SMALL_TABLE_ROWS = 1000;
/** Dead rows that autovacuum tolerates by default. */
const DEAD_ROW_RATIO = 0.2;

const dropIndex = (index: string) => `drop index concurrently ${index};`;

/** Whether the keys of one index begin those of another that serves the same rows. */
function isContainedIn(index: Index, other: Index): boolean {
  const isSame = index.keys.length === other.keys.length && index.included === other.included;
  return index !== other && index.table === other.table && index.method === other.method &&
    index.predicate === other.predicate && !index.unique && !index.constraint && other.valid &&
    index.included === 0 && index.keys.every((key, place) => key === other.keys[place]) &&
    // The first by name of two equal ones goes, unless the other may not stay.
    (!isSame || other.unique || other.constraint || index.index < other.index) &&
    (isSame || index.method === "btree");
}

function findDuplicates(indexes: Index[]): Step[] {
  return indexes.flatMap((index) => {
    const other = indexes.find((candidate) => isContainedIn(index, candidate));
    if (other === undefined) return [];
    const detail = `${other.index} serves the same searches.`;
    return [{
      code: "duplicate_index",
      object: index.index,
      gain: index.bytes,
      unit: "bytes",
      sql: dropIndex(index.index),
      detail,
    }];
  });
}

function findUnused(indexes: Index[], { foreign_keys }: Performance, duplicates: Step[]): Step[] {
  const found = new Set(duplicates.map(({ object }) => object));
  return indexes
    .filter(({ scans, unique, constraint, index }) =>
      scans === 0 && !unique && !constraint && !found.has(index)
    )
    .map(({ index, table, columns, bytes }) => {
      const key = foreign_keys.find((key) =>
        key.table === table && key.numbers.every((number, place) => columns[place] === number)
      );
      return key
        ? {
          code: "unused_index",
          object: index,
          gain: 0,
          unit: "bytes",
          sql: null,
          detail: `Not used yet; deletions in ${key.references} need it.`,
        }
        : {
          code: "unused_index",
          object: index,
          gain: bytes,
          unit: "bytes",
          sql: dropIndex(index),
          detail: "Not used since the statistics began: check that they cover a full month first.",
        };
    });
}

function findInvalid(indexes: Index[]): Step[] {
  return indexes.filter(({ valid }) => !valid).map(({ index, bytes }) => ({
    code: "invalid_index",
    object: index,
    gain: bytes,
    unit: "bytes",
    sql: `reindex index concurrently ${index};`,
    detail: "A concurrent creation failed: it costs writes and serves no search.",
  }));
}

function findUnindexedKeys(
  indexes: Index[],
  performance: Performance,
  isNamed: Sources["isNamed"],
): Step[] {
  return performance.foreign_keys
    .filter(({ table, numbers }) =>
      isNamed(table) &&
      !indexes.some((index) =>
        index.table === table && index.valid && index.predicate === null &&
        // Any order of the key's columns serves an equality of all of them.
        numbers.every((number) => index.columns.slice(0, numbers.length).includes(number))
      )
    )
    .map(({ table, constraint, columns, references }) => ({
      code: "unindexed_foreign_key",
      object: `${table} ${constraint}`,
      gain: performance.tables.find((row) => row.table === table)?.rows ?? 0,
      unit: "rows per deletion",
      sql: `create index concurrently on ${table} (${columns.join(", ")});`,
      detail: `Each deletion in ${references} reads the whole table.`,
    }));
}

function findScans(tables: Performance["tables"]): Step[] {
  return tables
    .filter(({ rows, sequential_scans, index_scans }) =>
      rows > SMALL_TABLE_ROWS && sequential_scans > index_scans
    )
    .map(({ table, sequential_rows, sequential_scans }) => ({
      code: "sequential_scans",
      object: table,
      gain: sequential_rows,
      unit: "rows read",
      sql: null,
      detail:
        `${sequential_scans} scans of the whole table: find their statements, and index their conditions.`,
    }));
}

function findDeadRows(tables: Performance["tables"]): Step[] {
  return tables
    .filter(({ rows, dead_rows }) =>
      dead_rows > SMALL_TABLE_ROWS && dead_rows > rows * DEAD_ROW_RATIO
    )
    .map(({ table, rows, dead_rows, bytes }) => ({
      code: "dead_rows",
      object: table,
      gain: Math.round(bytes * dead_rows / (rows + dead_rows)),
      unit: "bytes",
      sql: `vacuum (analyze) ${table};`,
      detail: `${dead_rows} dead rows next to ${rows} live ones.`,
    }));
}

function findSlowStatements({ statements }: Performance, limit = 100): Step[] {
  return (statements ?? []).filter(({ mean_ms }) => mean_ms > limit).map((statement) => ({
    code: "slow_statement",
    object: statement.query,
    gain: Math.round((statement.mean_ms - limit) * statement.calls),
    unit: "ms",
    sql: null,
    detail: `${statement.calls} calls of ${statement.mean_ms} ms.`,
  }));
}

function measure({ cache, statements }: Performance, tables: Performance["tables"]) {
  const largest = (values: number[]) => values.length === 0 ? 0 : Math.max(...values);
  const hits = [cache.table_hit_rate, cache.index_hit_rate].filter((rate) => rate !== null);
  return {
    min_cache_hit_rate: hits.length === 0 ? null : Math.min(...hits),
    max_mean_statement_ms: statements && largest(statements.map(({ mean_ms }) => mean_ms)),
    max_dead_row_ratio: largest(
      tables.map(({ rows, dead_rows }) => dead_rows / Math.max(1, rows + dead_rows)),
    ),
    max_rows_per_sequential_scan: largest(
      tables.map((row) => row.sequential_rows / Math.max(1, row.sequential_scans)),
    ),
  };
}

function compareSpec(
  spec: Spec,
  measured: ReturnType<typeof measure>,
): OptimizationPlan["requirements"] {
  return (Object.entries(spec) as [keyof typeof measured, number][]).map(([requirement, limit]) => {
    const value = measured[requirement];
    const isMinimum = requirement.startsWith("min_");
    const met = value === null ? null : isMinimum ? value >= limit : value <= limit;
    return { requirement, limit, measured: value, met };
  });
}

/** The order of the steps: those that remove faults, then waiting, then space. Within a code, the largest gain is first. */
const ORDER = [
  "invalid_index",
  "unindexed_foreign_key",
  "slow_statement",
  "sequential_scans",
  "dead_rows",
  "duplicate_index",
  "unused_index",
];

export function planOptimization(
  task: DatabaseTask,
  { performance, isNamed }: Sources,
): Answer {
  const indexes = performance.indexes.filter(({ table }) => isNamed(table));
  const tables = performance.tables.filter(({ table }) => isNamed(table));
  const spec = task.context.performance_requirements ?? {};
  const duplicates = findDuplicates(indexes);
  const steps = [
    ...findInvalid(indexes),
    ...findUnindexedKeys(indexes, performance, isNamed),
    ...findSlowStatements(performance, spec.max_mean_statement_ms),
    ...findScans(tables),
    ...findDeadRows(tables),
    ...duplicates,
    ...findUnused(indexes, performance, duplicates),
  ].toSorted((a, b) => ORDER.indexOf(a.code) - ORDER.indexOf(b.code) || b.gain - a.gain);
  const measured = measure(performance, tables);
  const requirements = compareSpec(spec, measured);
  return {
    deliverable: { type: "optimization_plan", steps, measured, requirements },
    notes: [
      `The figures were counted since ${performance.since ?? "the server's first start"}.`,
      ...(performance.statements === null
        ? ["Slow statements are unknown: the extension pg_stat_statements is not installed."]
        : []),
      ...requirements.filter(({ met }) => met === false).map(({ requirement, limit, measured }) =>
        `${requirement}: ${measured} measured, ${limit} required.`
      ),
    ],
    checklist: [
      "Run one step at a time, at a quiet hour, outside of a transaction where it says concurrently.",
      "Measure again after each step with optimization.",
      "Put each index that is made or dropped into a migration too.",
    ],
  };
}
