// @ts-check
/**
 * What media-chrome's menus read of a media element that offers qualities and sound tracks, filled from
 * hls.js: `videoRenditions` (https://github.com/muxinc/media-tracks) and `audioTracks` (HTML Standard).
 * Events say that a list or the choice in it changed; to set the choice is to choose.
 */

/** @typedef {{ index: number, name: string, width: number, height: number, bitrateBps: number }} Level */
/** @typedef {{ id: string, kind: string, label: string, language: string, enabled: boolean }} Sound */

/**
 * The rungs. `selectedIndex` is -1 while the quality is chosen by bandwidth; a rung that a person chose
 * stays chosen by its name when the list is made anew.
 * @param {(index: number) => void} onChoose also told when the list was made anew
 */
export function createRenditions(onChoose) {
  let selected = -1
  let chosen = ''
  /** @type {(Level & { id: string })[]} */
  const items = []
  const list = Object.assign(items, eventsOf(new EventTarget()))
  Object.defineProperty(list, 'selectedIndex', { get: () => selected, set: select })
  return { list, select, set }

  /** @param {number} index */
  function select(index) {
    selected = index in list ? index : -1
    chosen = list[selected]?.name ?? ''
    list.dispatchEvent(new Event('change'))
    onChoose(selected)
  }

  /** @param {Level[]} levels */
  function set(levels) {
    list.splice(0, list.length, ...levels.map((level) => ({ ...level, id: String(level.index) })))
    selected = list.findIndex(({ name }) => name === chosen)
    list.dispatchEvent(new Event(levels.length > 0 ? 'addrendition' : 'removerendition'))
    list.dispatchEvent(new Event('change'))
    if (levels.length > 0) onChoose(selected)
  }
}

/**
 * The sound tracks.
 * @param {(index: number) => void} onChoose
 */
export function createSounds(onChoose) {
  let current = -1
  /** @type {Sound[]} */
  const items = []
  const list = Object.assign(items, eventsOf(new EventTarget()))
  return { list, set, setCurrent }

  /** @param {{ name: string, lang?: string | undefined }[]} tracks */
  function set(tracks) {
    list.splice(0, list.length, ...tracks.map(toSound))
    list.dispatchEvent(new Event(tracks.length > 0 ? 'addtrack' : 'removetrack'))
  }

  /** @param {number} index */
  function setCurrent(index) {
    current = index
    list.dispatchEvent(new Event('change'))
  }

  /**
   * @param {{ name: string, lang?: string | undefined }} track
   * @param {number} index
   */
  function toSound({ name, lang }, index) {
    return {
      ...{ id: String(index), kind: 'main', label: labelOf(name, lang), language: lang ?? '' },
      get enabled() {
        return index === current
      },
      set enabled(on) {
        if (on && index !== current) onChoose(index)
      },
    }
  }
}

/**
 * `Commentary` in `de` → `Commentary (Deutsch)`; a track without a name of its own has its language's.
 * @param {string} name
 * @param {string | undefined} lang a language tag, or whatever stands in its place
 */
function labelOf(name, lang) {
  const spoken = ownName(lang)
  return spoken === '' || name.toLowerCase().includes(spoken.toLowerCase()) ? name : `${name} (${spoken})`
}

/** @param {string | undefined} lang */
function ownName(lang) {
  if (!lang) return ''
  try {
    return new Intl.DisplayNames([lang], { type: 'language' }).of(lang) ?? ''
  } catch {
    return '' // not a language tag at all
  }
}

/** @param {EventTarget} target */
function eventsOf(target) {
  return {
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
    dispatchEvent: target.dispatchEvent.bind(target),
  }
}
