/** @jsxImportSource hono/jsx/dom */
/** Asks before something that cannot be taken back. A failure stands in the question, which stays open. */
import type { Child } from "hono/jsx";
import { useState } from "../hooks.ts";
import { ActionButton } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ErrorNotice } from "./notice.tsx";

export interface ConfirmDialogProps {
  title: string;
  /** Text of the button that does it. */
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  children?: Child;
}

export function ConfirmDialog({ title, action, onConfirm, onClose, children }: ConfirmDialogProps) {
  const [error, setError] = useState<unknown>(null);
  const confirm = async (): Promise<void> => {
    setError(null);
    try {
      await onConfirm();
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={<ActionButton kind="danger" onPress={confirm}>{action}</ActionButton>}
    >
      {children}
      <ErrorNotice error={error} />
    </Dialog>
  );
}
