const maxChars = 1_000

/**
 * What a stranger's server said, fit for a row, a log and a screen: no control characters, and no secret that
 * it may have sent back to us, such as our signatures, or tokens in the query of an address.
 */
export function readableText(text: string): string {
  return text
    .replaceAll(/\bv1a?,[\w+/=-]{8,}/g, '<signature>')
    .replaceAll(/\bwhsec_[\w+/=-]+/g, '<secret>')
    .replaceAll(/\b(https?:\/\/)[^\s/?#@]*@/gi, '$1')
    .replaceAll(/\?[^\s"'<>]*=[^\s"'<>]*/g, '?<query>')
    .replaceAll(/[^\P{C}\n\t]+/gu, ' ')
    .toWellFormed()
    .slice(0, maxChars)
    .toWellFormed()
    .trim()
}
