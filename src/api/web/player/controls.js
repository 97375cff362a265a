// @ts-check
import { fill, h, icon } from '../base/dom.js'

/** @typedef {import('./tracks.js').Level} Level */
/** @typedef {{ name: string, width: number, height: number }} Rung as media-chrome copies it from the list */

const rates = '0.5 0.75 1 1.25 1.5 2'

/**
 * media-chrome's elements around a media element: a bar with the seek bar above it, and one menu for
 * quality, sound, captions and speed, of which those are shown that have something to choose.
 * @param {HTMLMediaElement} media
 * @param {{ title: string, remembers: boolean }} options title: shown above the picture; remembers: keeps
 *   volume and language of captions in the browser
 */
export function createControls(media, { title, remembers }) {
  const ready = h('p', { class: 'player-ready', hidden: true })
  const heading = h('p', { class: 'player-title' }, title)
  const settings = tag('media-settings-menu', { anchor: 'auto', hidden: true })
  const menus = {
    quality: submenu('Quality', qualityMenu()),
    sound: submenu('Sound', tag('media-audio-track-menu', { slot: 'submenu', hidden: true })),
    captions: submenu('Captions', tag('media-captions-menu', { slot: 'submenu', hidden: true })),
    speed: submenu('Speed', tag('media-playback-rate-menu', { slot: 'submenu', hidden: true, rates })),
  }
  const captionsButton = tag('media-captions-button')
  media.slot = 'media'
  const element = tag(
    'media-controller',
    { ...behaviour(remembers), noautohide: media instanceof HTMLAudioElement },
    media,
    tag('media-loading-indicator', { slot: 'centered-chrome', noautohide: true }),
    h('div', { class: 'player-top', slot: 'top-chrome' }, heading, ready),
    settings,
    h(
      'div',
      { class: 'player-bottom' },
      tag('media-time-range'),
      bar(captionsButton, media instanceof HTMLVideoElement),
    ),
  )
  offer({})
  return { element, ready, offer }

  /**
   * Only what can be chosen from is in the menu: its keyboard stops at whatever is there.
   * @param {{ quality?: boolean, sound?: boolean, captions?: boolean }} what
   */
  function offer({ quality = false, sound = false, captions = false }) {
    // media-chrome calls it a button, which cannot be checked, as this one is.
    captionsButton.role = 'switch'
    const wanted = [
      quality && menus.quality,
      sound && menus.sound,
      captions && menus.captions,
      menus.speed,
    ].filter((menu) => menu !== false)
    if (!isSame([...settings.children], wanted)) fill(settings, ...wanted)
  }
}

/** @param {boolean} remembers */
function behaviour(remembers) {
  const forgets = { novolumepref: true, nomutedpref: true, nosubtitleslangpref: true }
  return {
    keyboardforwardseekoffset: 5,
    keyboardbackwardseekoffset: 5,
    keyboardupvolumestep: 0.05,
    keyboarddownvolumestep: 0.05,
    ...(remembers ? {} : forgets),
  }
}

/**
 * @param {HTMLElement} captionsButton
 * @param {boolean} hasPicture
 */
function bar(captionsButton, hasPicture) {
  return tag(
    'media-control-bar',
    {},
    tag('media-play-button'),
    tag('media-mute-button'),
    tag('media-volume-range'),
    tag('media-time-display', { showduration: true, notoggle: true }),
    h('span', { class: 'player-gap' }),
    captionsButton,
    tag('media-settings-menu-button'),
    hasPicture && tag('media-pip-button'),
    hasPicture && tag('media-fullscreen-button'),
  )
}

/** The rungs by their own names: media-chrome would call 1920 × 800 `800p`. */
function qualityMenu() {
  const menu = /** @type {import('media-chrome/menu').MediaRenditionMenu} */ (
    tag('media-rendition-menu', { slot: 'submenu', hidden: true })
  )
  /** @param {any} rung */
  const nameOf = ({ name }) => name
  const automatic = () => {
    const [now] = menu.mediaRenditionList.filter(
      (rung) => rung.width === menu.mediaWidth && rung.height === menu.mediaHeight,
    )
    return now && !menu.mediaRenditionSelected ? `Auto (${nameOf(now)})` : 'Auto'
  }
  return Object.assign(menu, {
    formatRendition: nameOf,
    /** @param {string} _text @param {Rung | undefined} rung */
    formatMenuItemText: (_text, rung) => rung?.name ?? automatic(),
  })
}

/**
 * @param {string} name
 * @param {HTMLElement} menu
 */
function submenu(name, menu) {
  // In place of media-chrome's own, a button, which a menu may not hold.
  const back = { slot: 'header', part: 'back button', role: 'menuitem', 'aria-label': `${name}, back` }
  menu.append(
    h('button', { ...back, class: 'player-back', type: 'button', tabindex: -1 }, icon('back'), name),
  )
  return tag('media-settings-menu-item', {}, name, menu)
}

/**
 * An element of media-chrome, which may be registered later.
 * @param {string} name
 * @param {import('../base/dom.js').Props} [props]
 * @param {...import('../base/dom.js').Child} children
 * @returns {HTMLElement}
 */
function tag(name, props, ...children) {
  return h(/** @type {'div'} */ (name), props, ...children)
}

/**
 * @param {unknown[]} one
 * @param {unknown[]} other
 */
function isSame(one, other) {
  return one.length === other.length && one.every((element, at) => element === other[at])
}
