// @ts-check
import { h } from '../base/dom.js'
import { frameRate, language } from '../base/format.js'
import { panel } from '../base/widgets.js'
import { cutSentence, keptWords, planSentence, skippedWords, warningWords } from './plan-words.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../../../media/model.ts').Plan} Plan */

const codecs = { h264: 'H.264', hevc: 'HEVC', av1: 'AV1' }

/** What is made of the source, what not, and why. @param {Video} video */
export function planPanel({ plan }) {
  if (!plan) return null
  return panel(
    'Plan',
    h('p', { class: 'plan-lead' }, [encoderSentence(plan), cutSentence(plan)].filter(Boolean).join(' ')),
    reasons(
      'Warnings',
      plan.warnings.map(({ code, message }) => [null, planSentence(warningWords, { code, reason: message })]),
    ),
    reasons(
      'Made',
      plan.kept.map((entry) => [nameIn(plan, entry.name), planSentence(keptWords, entry)]),
    ),
    reasons(
      'Left out',
      plan.skipped.map((entry) => [nameIn(plan, entry.name), planSentence(skippedWords, entry)]),
    ),
  )
}

/** @param {Plan} plan */
function encoderSentence({ video }) {
  if (!video) return ''
  const { codec, preset } = video.encoder
  return `Made as ${codecs[codec]}, preset ${preset}, at ${frameRate(video.frame_rate)} frames a second.`
}

/**
 * `audio-0` → `Sound, English`
 * @param {Plan} plan
 * @param {string} name
 */
function nameIn(plan, name) {
  const [, kind, position] = /^(audio|subtitle)-(?:stream-)?(\d+)$/.exec(name) ?? []
  if (!kind) return name === 'video' ? 'Picture' : name
  const word = kind === 'audio' ? 'Sound' : 'Subtitles'
  const tracks = kind === 'audio' ? plan.audio : plan.subtitles
  const track = name.includes('stream') ? undefined : tracks[Number(position)]
  return [word, language(track?.language)].filter(Boolean).join(', ')
}

/**
 * What the same is said of stands together.
 * @param {string} title
 * @param {[name: string | null, sentence: string][]} lines
 */
function reasons(title, lines) {
  if (lines.length === 0) return null
  const sentences = [...new Set(lines.map(([, text]) => text))]
  const items = sentences.map((text) => {
    const names = lines.flatMap(([name, said]) => (said === text && name !== null ? [name] : []))
    return h('li', {}, names.length > 0 && h('strong', {}, names.join(', ')), h('span', {}, text))
  })
  return h('div', { class: 'reasons', 'data-kind': title }, h('h3', {}, title), h('ul', {}, ...items))
}
