// @ts-check
import { h, setText } from '../base/dom.js'
import { panel } from '../base/widgets.js'
import { listProfiles } from './upload-api.js'

/**
 * @typedef {object} JobOptions fields of `POST /jobs`
 * @property {string} profile
 * @property {boolean} per_title
 * @property {boolean} quality
 * @property {'high' | 'normal' | 'low'} priority
 */

/** What is asked for with every file that is sent from now on. */
export function createJobOptions() {
  const profile = h(
    'select',
    { id: 'job-profile', 'aria-describedby': 'job-profile-about' },
    option('default'),
  )
  const about = h('p', { id: 'job-profile-about', class: 'hint' })
  const perTitle = h('input', { type: 'checkbox', id: 'job-per-title' })
  const quality = h('input', { type: 'checkbox', id: 'job-quality' })
  const priority = h('select', { id: 'job-priority' }, option('high'), option('normal'), option('low'))
  priority.value = 'normal'
  /** @type {Map<string, string>} */
  const descriptions = new Map()
  profile.addEventListener('change', describe)

  function describe() {
    setText(about, descriptions.get(profile.value) ?? '')
  }

  const element = panel(
    'What to make',
    h('div', { class: 'field' }, h('label', { for: profile.id }, 'Profile'), profile, about),
    choice(perTitle, 'Fit the ladder to the film', 'Samples it first and leaves out rungs that add nothing.'),
    choice(
      quality,
      'Measure the quality',
      'Compares each rung with the source, frame by frame. Takes longer.',
    ),
    h('div', { class: 'field' }, h('label', { for: priority.id }, 'Priority'), priority),
  )
  element.classList.add('job-options')
  return {
    element,
    /** Until then there is the default profile alone. Throws an ApiError. */
    async load() {
      for (const { name, description } of await listProfiles()) descriptions.set(name, description)
      profile.replaceChildren(...[...descriptions.keys()].map(option))
      describe()
    },
    /** @returns {JobOptions} */
    chosen() {
      return {
        profile: profile.value,
        per_title: perTitle.checked,
        quality: quality.checked,
        priority: /** @type {JobOptions['priority']} */ (priority.value),
      }
    },
  }
}

/** @param {string} name */
function option(name) {
  return h('option', { value: name }, name.charAt(0).toUpperCase() + name.slice(1))
}

/**
 * @param {HTMLInputElement} box
 * @param {string} label
 * @param {string} about
 */
function choice(box, label, about) {
  box.setAttribute('aria-describedby', `${box.id}-about`)
  return h(
    'div',
    { class: 'choice' },
    box,
    h('label', { for: box.id }, label),
    h('p', { id: `${box.id}-about`, class: 'hint' }, about),
  )
}
