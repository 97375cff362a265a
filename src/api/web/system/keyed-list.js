// @ts-check
/**
 * Keeps the children of an element in step with a list: what stays is updated in place, so that nothing
 * flickers and the focus stays where it is.
 * @template Item
 * @param {Element} parent
 * @param {{ keyOf: (item: Item) => string, create: () => { element: Element, set: (item: Item) => void } }} options
 * @returns {(items: readonly Item[]) => void}
 */
export function createKeyedList(parent, { keyOf, create }) {
  /** @type {Map<string, ReturnType<typeof create>>} */
  const known = new Map()
  return (items) => {
    const keys = new Set(items.map(keyOf))
    for (const [key, { element }] of known) {
      if (keys.has(key)) continue
      element.remove()
      known.delete(key)
    }
    for (const [at, item] of items.entries()) {
      const child = known.get(keyOf(item)) ?? create()
      known.set(keyOf(item), child)
      child.set(item)
      // Only what is out of its place is moved: a move takes the focus away.
      if (parent.children[at] !== child.element)
        parent.insertBefore(child.element, parent.children[at] ?? null)
    }
  }
}
