// @ts-check
import { fill, h, setText } from '../base/dom.js'
import { signIn } from '../base/session.js'

/**
 * The form for a key, in the place of a view.
 * @param {HTMLElement} root
 * @param {() => void} onSignedIn
 * @returns {() => void} ends it
 */
export function signInView(root, onSignedIn) {
  const field = h('input', {
    id: 'key',
    type: 'password',
    name: 'key',
    class: 'mono',
    required: true,
    autocomplete: 'current-password',
    spellcheck: 'false',
  })
  const button = h('button', { class: 'button primary' }, 'Sign in')
  const message = h('p', { class: 'sign-in-message', role: 'alert' })
  const form = h(
    'form',
    { class: 'sign-in', onsubmit: send },
    h('h1', { tabindex: '-1' }, 'Sign in'),
    h('label', { for: 'key' }, 'Key'),
    field,
    message,
    button,
    h(
      'p',
      { class: 'sign-in-note' },
      'Whoever runs this server makes keys with ',
      h('code', {}, 'stepladder keys create --name <name>'),
      '.',
    ),
  )
  let over = false
  document.title = 'Sign in – Stepladder'
  fill(root, form)
  field.focus()
  return () => {
    over = true
  }

  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault()
    button.disabled = true
    try {
      await signIn(field.value)
      if (!over) onSignedIn()
    } catch (error) {
      setText(message, error instanceof Error ? error.message : String(error))
      field.select()
    } finally {
      button.disabled = false
    }
  }
}
