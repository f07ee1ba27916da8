/** @jsxImportSource hono/jsx/dom */
/** Short messages about what was just done; they go away after some seconds. */
import { Store, useStore } from "../store.ts";
import { Icon } from "./icon.tsx";

interface Message {
  id: number;
  text: string;
}

const SHOWN_MS = 6000;
const messages = new Store<readonly Message[]>([]);
let count = 0;

function dismiss(id: number): void {
  messages.set(messages.get().filter((message) => message.id !== id));
}

export function showToast(text: string): void {
  const id = ++count;
  messages.set([...messages.get().slice(-2), { id, text }]);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function Toasts() {
  const shown = useStore(messages);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div key={id} class="toast">
          <span>{text}</span>
          <button type="button" class="button quiet small" onClick={() => dismiss(id)}>
            <Icon name="close" />
            <span class="visually-hidden">Dismiss</span>
          </button>
        </div>
      ))}
    </div>
  );
}
