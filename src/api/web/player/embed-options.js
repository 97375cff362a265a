// @ts-check
/**
 * What the address of an embedded player asks for, in the words other players use: `?t=90` or `t=1m30s`,
 * `?autoplay=1`, `?muted=1`, `?loop=1`. Whatever is not understood is left out.
 * @param {URLSearchParams} query
 */
export function readEmbedOptions(query) {
  const isOn = (/** @type {string} */ name) => ['1', 'true', ''].includes(query.get(name) ?? '0')
  return {
    startS: readTime(query.get('t') ?? ''),
    autoplay: isOn('autoplay'),
    muted: isOn('muted'),
    loop: isOn('loop'),
  }
}

/** `90`, `90.5`, `90s`, `1m30s`, `1h2m` → seconds; 0 for anything else. @param {string} text */
function readTime(text) {
  const parts = /^(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6}(?:\.\d{1,3})?)s?)?$/.exec(text.trim())
  const [, hours = 0, minutes = 0, seconds = 0] = parts ?? []
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}
