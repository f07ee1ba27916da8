/** The lock and the effect of `alter table`, by its commands. */
import {
  type Assessment,
  type Effect,
  findNodes,
  joinNames,
  type Lock,
  tableName,
  type Tree,
} from "./syntax.ts";

interface Part {
  lock: Lock;
  effect: Effect;
  safe_form: string | null;
  /** Other tables that are locked. */
  tables?: string[];
}

const metadata: Part = { lock: "AccessExclusiveLock", effect: "metadata", safe_form: null };

const NOT_VALID =
  "Add the constraint not valid, and validate constraint in a later migration: that lets writes go on.";
const NEW_COLUMN =
  "Add a new column without a default, write to both, fill it in batches, and switch in a later release.";

/** Functions of a default that Postgres evaluates once, for all existing rows. */
const STABLE = ["now", "transaction_timestamp", "statement_timestamp", "current_setting"];

/** A default that differs by row makes Postgres write every row. */
function isVolatile(expression: unknown): boolean {
  return findNodes(expression, "FuncCall")
    .some(({ funcname }) => !STABLE.includes(joinNames(funcname).replace("pg_catalog.", "")));
}

function assessConstraint(constraint: Tree): Part {
  const { contype, skip_validation, indexname, pktable } = constraint;
  if (contype === "CONSTR_FOREIGN") {
    return {
      lock: "ShareRowExclusiveLock",
      effect: skip_validation ? "metadata" : "scan",
      safe_form: skip_validation ? null : NOT_VALID,
      tables: [tableName(pktable)],
    };
  }
  if (["CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION"].includes(String(contype))) {
    if (indexname) return metadata;
    const safe_form = contype === "CONSTR_EXCLUSION"
      ? null
      : "create unique index concurrently, then add constraint using index.";
    return { ...metadata, effect: "scan", safe_form };
  }
  if (contype === "CONSTR_CHECK" && !skip_validation) {
    return { ...metadata, effect: "scan", safe_form: NOT_VALID };
  }
  return metadata;
}

function assessColumn({ constraints = [], typeName }: Tree): Part {
  const found = findNodes({ constraints }, "Constraint");
  const isSerial = /serial/.test(joinNames((typeName as Tree)?.names));
  const isWritten = isSerial ||
    found.some(({ contype, raw_expr }) =>
      ["CONSTR_GENERATED", "CONSTR_IDENTITY"].includes(String(contype)) ||
      (contype === "CONSTR_DEFAULT" && isVolatile(raw_expr))
    );
  if (isWritten) return { ...metadata, effect: "rewrite", safe_form: NEW_COLUMN };
  // Postgres reads the rows for the constraints of a new column, unless it has only nulls.
  const hasDefault = found.some(({ contype }) => contype === "CONSTR_DEFAULT");
  const parts = found
    .filter(({ contype }) => contype !== "CONSTR_DEFAULT" && contype !== "CONSTR_NOTNULL")
    .map(assessConstraint);
  if (!hasDefault && found.some(({ contype }) => contype === "CONSTR_NOTNULL")) {
    parts.push({
      ...metadata,
      effect: "scan",
      safe_form: "Give it a default: it fails on a table with rows.",
    });
  }
  // The new column itself takes the strongest lock.
  return joinParts([metadata, ...parts]);
}

const COMMANDS: Record<string, (command: Tree) => Part> = {
  AT_AddColumn: ({ def }) => assessColumn((def as Tree).ColumnDef as Tree),
  AT_AlterColumnType: () => ({ ...metadata, effect: "rewrite", safe_form: NEW_COLUMN }),
  AT_AddConstraint: ({ def }) => assessConstraint((def as Tree).Constraint as Tree),
  AT_SetNotNull: () => ({
    ...metadata,
    effect: "scan",
    safe_form:
      "Add a check (column is not null) not valid, validate it, set not null, and drop the check.",
  }),
  AT_ValidateConstraint: () => ({
    lock: "ShareUpdateExclusiveLock",
    effect: "scan",
    safe_form: null,
  }),
  AT_SetStatistics: () => ({ ...metadata, lock: "ShareUpdateExclusiveLock" }),
  AT_DropColumn: () => ({
    ...metadata,
    safe_form: "Stop using the column in one release, and drop it in the next.",
  }),
  AT_SetLogged: () => ({ ...metadata, effect: "rewrite" }),
  AT_SetUnLogged: () => ({ ...metadata, effect: "rewrite" }),
  AT_SetAccessMethod: () => ({ ...metadata, effect: "rewrite" }),
  AT_AddIdentity: () => metadata,
};

const LOCKS: Lock[] = [
  "none",
  "ShareUpdateExclusiveLock",
  "ShareRowExclusiveLock",
  "AccessExclusiveLock",
];
const EFFECTS: Effect[] = ["metadata", "scan", "rewrite"];

/** The strongest lock and the largest effect. */
function joinParts(parts: Part[]): Part {
  const strongest = <T>(order: T[], values: T[]) =>
    order[Math.max(0, ...values.map((value) => order.indexOf(value)))] as T;
  const advice = parts.flatMap(({ safe_form }) => safe_form ?? []);
  return {
    lock: strongest(LOCKS, parts.map(({ lock }) => lock)),
    effect: strongest(EFFECTS, parts.map(({ effect }) => effect)),
    safe_form: advice.length > 0 ? [...new Set(advice)].join(" ") : null,
    tables: parts.flatMap(({ tables = [] }) => tables),
  };
}

export function assessTableChange({ relation, cmds }: Tree): Assessment {
  const commands = (Array.isArray(cmds) ? cmds : []).map((item) =>
    (item as Tree).AlterTableCmd as Tree
  );
  const part = joinParts(
    commands.map((item) => COMMANDS[String(item.subtype)]?.(item) ?? metadata),
  );
  return { ...part, tables: [tableName(relation), ...(part.tables ?? [])] };
}
