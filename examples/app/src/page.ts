/** Parts of the page. */

export function find<Type extends HTMLElement>(selector: string): Type {
  const element = document.querySelector<Type>(selector);
  if (element === null) throw new Error(`The page has no ${selector}`);
  return element;
}

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  ...children: (string | Node)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.append(...children);
  return element;
}

export function button(text: string, onClick: () => Promise<void>): HTMLButtonElement {
  const element = make("button", text);
  element.addEventListener("click", async () => {
    element.disabled = true;
    say("");
    try {
      await onClick();
    } catch (error) {
      // deno-lint-ignore no-console -- the cause, for a developer's browser
      console.error(error);
      say("The backend did not answer. Please try again.");
    } finally {
      element.disabled = false;
    }
  });
  return element;
}

export function say(text: string): void {
  find("#message").textContent = text;
}
