/** @jsxImportSource hono/jsx/dom */
/** A button that cannot be pressed twice while its work runs. */
import type { Child } from "hono/jsx";
import { useState } from "../hooks.ts";
import { describeError } from "../errors.ts";
import { showToast } from "./toast.tsx";

export interface ActionButtonProps {
  kind?: "primary" | "plain" | "danger" | "quiet";
  isSmall?: boolean;
  isDisabled?: boolean;
  /** Its failure is shown as a toast, unless it is handled. */
  onPress: () => Promise<void>;
  children?: Child;
}

export function ActionButton(
  { kind = "primary", isSmall = false, isDisabled = false, onPress, children }: ActionButtonProps,
) {
  const [isRunning, setRunning] = useState(false);
  const press = async (): Promise<void> => {
    if (isRunning) return;
    setRunning(true);
    try {
      await onPress();
    } catch (error) {
      showToast(describeError(error));
    } finally {
      setRunning(false);
    }
  };
  return (
    <button
      type="button"
      class={`button ${kind}${isSmall ? " small" : ""}`}
      disabled={isDisabled}
      aria-disabled={isRunning ? "true" : undefined}
      onClick={() => void press()}
    >
      {children}
    </button>
  );
}
