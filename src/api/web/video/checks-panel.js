// @ts-check
import { h, icon } from '../base/dom.js'
import { humanise } from '../base/format.js'
import { panel } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Finding} Finding */

/** What each check makes sure of (docs/media.md, "Checks"). @type {Record<string, string>} */
export const checkWords = {
  source: 'The source was read to its end, every frame of it',
  chunks: 'The chunks follow each other and reach the end',
  frames: 'Every rung has all of its frames',
  cuts: 'All rungs are cut at the same frames',
  times: 'Times count on without a gap',
  inits: 'All pieces of a rung were encoded alike',
  sound: 'Sound has its length and no gap',
  objects: 'Every object is in the bucket, whole',
  picture: 'Size, shape, colours and codec are as planned',
  sound_init: 'Sound starts in step with the picture',
  segments: 'First and last segments are as stored, and decode',
  pictures: 'Poster and preview pictures could be made',
}

/** What was looked at before the video was called completed. @param {Video} video */
export function checksPanel({ findings }) {
  if (!findings?.length) return null
  const failed = findings.filter((finding) => !finding.passed).length
  const names = [...new Set(findings.map(({ check }) => check))]
  const summary = failed === 0 ? `all ${names.length} passed` : `${failed} did not pass`
  const made = panel(
    'Checks',
    h(
      'ul',
      { class: 'checks' },
      ...names.map((name) =>
        line(
          name,
          findings.filter(({ check }) => check === name),
        ),
      ),
    ),
  )
  made.querySelector('h2')?.append(h('span', { class: 'note' }, summary))
  return made
}

/**
 * @param {string} check
 * @param {Finding[]} findings of each rung or track
 */
function line(check, findings) {
  const passed = findings.every((finding) => finding.passed)
  const words = [
    Object.hasOwn(checkWords, check) ? checkWords[check] : humanise(check),
    h('span', { class: 'offscreen' }, passed ? ': passed.' : ': not passed.'),
  ]
  const details = findings.map(({ detail }) => h('small', {}, detail))
  const body =
    details.length > 1 && passed
      ? h('details', {}, h('summary', {}, ...words), ...details)
      : h('div', {}, ...words, ...details)
  return h('li', { 'data-passed': String(passed) }, icon(passed ? 'done' : 'warning'), body)
}
