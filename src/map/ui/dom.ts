/** Small help for building the page. Text from outside goes in as text only, never as markup. */

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: { class?: string; text?: string; attributes?: Readonly<Record<string, string>> } = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (options.class !== undefined) made.className = options.class
  if (options.text !== undefined) made.textContent = options.text
  for (const [name, value] of Object.entries(options.attributes ?? {})) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Sets text only where it differs: a live region speaks of true changes only. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

export function prefersReducedMotion(): MediaQueryList {
  return matchMedia('(prefers-reduced-motion: reduce)')
}
