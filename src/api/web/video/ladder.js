// @ts-check
import { fill, h, setText } from '../base/dom.js'
import { bitrate, bytes } from '../base/format.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */
/** @typedef {import('../player/tracks.js').Level} Level */

const auto = -1

/**
 * The ladder beside the player: every rung with what is done of it, and the choice of quality at once. The
 * choice is the player's, whose menu offers the same.
 * @param {(level: number) => void} onChoose -1 = automatic
 */
export function createLadder(onChoose) {
  /** @type {Level[]} */
  let levels = []
  /** @type {Video['resolutions']} */
  let resolutions = []
  /** @type {Map<string, ReturnType<typeof createRung>>} */
  const rungs = new Map()
  let chosen = auto
  let current = auto

  const automatic = createRung('auto', 'Auto', choose)
  const body = h('div', { class: 'rungs' }, automatic.element, ...unknownRungs())
  const element = h('fieldset', { class: 'ladder', hidden: true }, h('legend', {}, 'Quality'), body)
  return { element, setVideo, setProgress, setLevels, setCurrent, setChosen }

  /** @param {Video} video */
  function setVideo(video) {
    if (video.resolutions.map((rung) => rung.name).join() !== resolutions.map((rung) => rung.name).join()) {
      rungs.clear()
      for (const { name } of video.resolutions) rungs.set(name, createRung(name, name, choose))
      fill(body, automatic.element, ...[...rungs.values()].map((rung) => rung.element))
    }
    resolutions = video.resolutions
    for (const { name, width, height, average_bitrate_bps: average, size_bytes: size } of resolutions) {
      const rung = rungs.get(name)
      if (!rung) continue
      setText(rung.size, `${width} × ${height}`)
      if (average !== null) setText(rung.fact, bitrate(average))
      if (size !== null) setText(rung.bytes, bytes(size))
      if (video.status === 'completed') rung.setPart(1)
    }
    element.hidden = resolutions.length === 0 && video.media !== null
    show()
  }

  /**
   * @param {Snapshot} snapshot
   * @param {Video | null} video
   */
  function setProgress(snapshot, video) {
    const total = expectedSegments(video)
    for (const { name, segments, bytes: size } of snapshot.resolutions) {
      const rung = rungs.get(name)
      if (!rung || snapshot.status === 'completed') continue
      setText(rung.fact, `${segments} ${segments === 1 ? 'segment' : 'segments'}`)
      setText(rung.bytes, bytes(size))
      rung.setPart(total ? segments / total : 0)
    }
  }

  /** @param {Level[]} next none = the browser chooses by itself */
  function setLevels(next) {
    levels = next
    if (next.length === 0) chosen = auto
    show()
  }

  /** @param {number} index */
  function setCurrent(index) {
    current = index
    show()
  }

  /** @param {number} index */
  function setChosen(index) {
    chosen = index
    show()
  }

  /** @param {string} name */
  function choose(name) {
    onChoose(levelOf(name)?.index ?? auto)
  }

  /** @param {string} name */
  function levelOf(name) {
    return levels.find((level) => level.name === name)
  }

  function show() {
    const playing = resolutions.find(({ name }) => current !== auto && levelOf(name)?.index === current)
    setText(automatic.fact, chosen === auto && playing ? `${playing.name} now` : '')
    automatic.input.disabled = levels.length === 0
    automatic.input.checked = chosen === auto
    for (const [name, rung] of rungs) {
      const level = levelOf(name)
      rung.input.disabled = !level
      rung.input.checked = level !== undefined && level.index === chosen
      rung.element.toggleAttribute('data-current', name === playing?.name)
    }
  }
}

/** The ladder before anybody knows the file. */
function unknownRungs() {
  return Array.from({ length: 4 }, () => h('div', { class: 'rung', 'aria-hidden': true }))
}

/**
 * @param {string} value
 * @param {string} label
 * @param {(value: string) => void} onChoose
 */
function createRung(value, label, onChoose) {
  const input = h('input', {
    type: 'radio',
    name: 'quality',
    value,
    disabled: true,
    onchange: () => onChoose(value),
  })
  const size = h('span', { class: 'rung-size' })
  const fact = h('span', { class: 'rung-fact' })
  const made = h('span', { class: 'rung-bytes' })
  const name = h('span', { class: 'rung-name' }, label)
  const element = h('label', { class: 'rung' }, input, name, size, fact, made)
  return {
    element,
    input,
    size,
    fact,
    bytes: made,
    /** @param {number} part of its segments, 0 to 1 */
    setPart: (part) => element.style.setProperty('--part', String(Math.min(1, part))),
  }
}

/** About how many segments a rung will have. @param {Video | null} video */
function expectedSegments(video) {
  const duration = video?.media?.duration_s
  return duration && video?.plan ? Math.ceil(duration / video.plan.segment_s) : null
}
