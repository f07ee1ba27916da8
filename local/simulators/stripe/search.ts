/** Stripe's search language, as far as customers are searched: `metadata['user_id']:'…' AND email:'…'`. */
import { refusals } from "./errors.ts";
import type { Customer } from "./objects.ts";

type Test = (customer: Customer) => boolean;

const CLAUSE =
  /^\s*(-?)(?:metadata\[(?<quote>["'])(?<key>(?:\\.|(?!\k<quote>).)*)\k<quote>\]|(?<field>email|name|phone|created))\s*(?<operator>:|~|>=|<=|>|<)\s*(?:(?<valueQuote>["'])(?<text>(?:\\.|(?!\k<valueQuote>).)*)\k<valueQuote>|(?<bare>null|\d+))\s*/;

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

function badQuery(query: string) {
  return refusals.invalid(
    `We were unable to parse your search query (${query}). Try using the format ` +
      '`metadata["key"]:"value"` to search for metadata or `key:"value"` to search for other fields.',
    { param: "query" },
  );
}

function clauseTest(groups: Record<string, string | undefined>, query: string): Test {
  const { key, field, operator, text, bare } = groups;
  const value = text === undefined ? bare ?? "" : unescaped(text);
  if (field === "created") {
    const limit = Number(value);
    return ({ created }) => {
      switch (operator) {
        case ">":
          return created > limit;
        case "<":
          return created < limit;
        case ">=":
          return created >= limit;
        case "<=":
          return created <= limit;
        default:
          return created === limit;
      }
    };
  }
  if (operator !== ":" && operator !== "~") throw badQuery(query);
  const valueOf = (customer: Customer) =>
    key === undefined ? customer[field as "email" | "name"] : customer.metadata[unescaped(key)];
  if (text === undefined && bare === "null") return (customer) => !valueOf(customer);
  // Email addresses are found in any case; metadata only as they are.
  const folded = (given: string) => (key === undefined ? given.toLowerCase() : given);
  return (customer) => {
    const found = valueOf(customer);
    if (!found) return false;
    return operator === ":"
      ? folded(found) === folded(value)
      : folded(found).includes(folded(value));
  };
}

/** @throws {StripeRefusal} */
export function customerTest(query: string): Test {
  const tests: Test[] = [];
  let joint: string | undefined;
  let rest = query;
  do {
    const found = CLAUSE.exec(rest);
    if (!found?.groups) throw badQuery(query);
    const test = clauseTest(found.groups, query);
    tests.push(found[1] === "-" ? (customer) => !test(customer) : test);
    rest = rest.slice(found[0].length);
    const join = /^(AND|OR)\s+/i.exec(rest);
    if (rest !== "" && !join) throw badQuery(query);
    const word = join?.[1]?.toUpperCase();
    // Stripe takes no mixture of both.
    if (word !== undefined && joint !== undefined && word !== joint) throw badQuery(query);
    joint = word ?? joint;
    rest = rest.slice(join?.[0].length ?? 0);
    if (join && rest === "") throw badQuery(query);
  } while (rest !== "");
  return (customer) =>
    joint === "OR" ? tests.some((test) => test(customer)) : tests.every((test) => test(customer));
}
