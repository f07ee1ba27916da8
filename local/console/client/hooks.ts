/**
 * State of components. hono/jsx/dom draws a removed component again when its state changes later, for
 * example when an answer arrives; these hooks ignore such changes.
 */
import { useCallback, useLayoutEffect, useRef, useState as useAnyState } from "hono/jsx/dom";

type SetState<Value> = (value: Value | ((before: Value) => Value)) => void;

export function useState<Value>(initial: Value | (() => Value)): [Value, SetState<Value>] {
  const [value, setValue] = useAnyState<Value>(initial);
  const isRemoved = useRef(false);
  // In the same step as the drawing: a later effect might run after the removal.
  useLayoutEffect(() => () => void (isRemoved.current = true), []);
  const setState = useCallback<SetState<Value>>((next) => {
    if (!isRemoved.current) setValue(next as (before: Value) => Value);
  }, []);
  return [value, setState];
}

/** What follows a source of changes. */
export interface Source<Value> {
  get: () => Value;
  /** Returns what stops it. */
  subscribe: (listener: () => void) => () => void;
}

/** The value of a source, also when it changes. */
export function useSource<Value>({ get, subscribe }: Source<Value>): Value {
  const [value, setValue] = useState(get);
  useLayoutEffect(() => {
    setValue(get);
    return subscribe(() => setValue(get));
  }, []);
  return value;
}
