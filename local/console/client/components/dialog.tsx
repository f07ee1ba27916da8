/// <reference lib="dom" />
/** @jsxImportSource hono/jsx/dom */
/** A question that must be answered first. The browser keeps the focus inside, and Escape closes it. */
import type { Child } from "hono/jsx";
import { useEffect, useId, useRef } from "hono/jsx/dom";

export interface DialogProps {
  title: string;
  onClose: () => void;
  /** Buttons at the end. */
  actions?: Child;
  children?: Child;
}

export function Dialog({ title, onClose, actions, children }: DialogProps) {
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    element.current?.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={id} onClose={onClose}>
      <div class="dialog-body">
        <h2 id={id}>{title}</h2>
        {children}
        <div class="dialog-end">
          <button type="button" class="button plain" onClick={onClose}>Cancel</button>
          {actions}
        </div>
      </div>
    </dialog>
  );
}
