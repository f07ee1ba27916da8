/** @jsxImportSource hono/jsx/dom */
/** Labelled inputs of forms. */
import type { Child } from "hono/jsx";
import { useId } from "hono/jsx/dom";

export interface FieldProps {
  label: string;
  name: string;
  value?: string;
  type?: "text" | "email" | "password" | "search" | "number";
  hint?: string;
  error?: string | undefined;
  placeholder?: string;
  autocomplete?: string;
  inputmode?: "decimal" | "numeric";
  isRequired?: boolean;
  minLength?: number;
  onInput?: (value: string) => void;
}

/** The element that an event of it names. */
function valueOf(event: Event): string {
  return (event.target as HTMLInputElement).value;
}

export function Field({ label, hint, error, onInput, isRequired = false, ...input }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        {...input}
        required={isRequired}
        aria-describedby={described || undefined}
        aria-invalid={error ? "true" : undefined}
        onInput={(event: Event) => onInput?.(valueOf(event))}
      />
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {error && <span class="error" id={`${id}-error`} role="alert">{error}</span>}
    </div>
  );
}

export interface SelectProps {
  label: string;
  name: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange?: (value: string) => void;
}

export function Select({ label, name, value, options, onChange }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        name={name}
        onChange={(event: Event) => onChange?.(valueOf(event))}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>{text}</option>
        ))}
      </select>
    </div>
  );
}

export interface FormProps {
  onSubmit: (values: Record<string, string>) => void;
  children?: Child;
}

/** A form whose values arrive as texts; the browser checks them first. */
export function Form({ onSubmit, children }: FormProps) {
  const submit = (event: Event): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const values: Record<string, string> = {};
    for (const [name, value] of fields) values[name] = String(value).trim();
    onSubmit(values);
  };
  return <form class="form" onSubmit={submit}>{children}</form>;
}
