/**
 * How tracks that stand beside each other are told apart, the same in HLS and DASH. Titles and languages
 * come out of strangers' files and may hold anything.
 */

/** A track as its file describes it. */
export type Described = { name: string | null; language: string | null; default: boolean; forced?: boolean }

/** The same as a manifest may say it; `autoselect`: a player may choose it by the viewer's language. */
export type Member<Track extends Described> = Omit<Track, 'name'> & { name: string; autoselect: boolean }

const MAX_NAME_LENGTH = 100

/**
 * Kept to the rules of a group (RFC 8216 §4.3.4.1.1) whatever the file claims: names that differ and are
 * never empty, one default at most. `word` is what a track without a title or a language is called.
 */
export function asGroup<Track extends Described>(tracks: readonly Track[], word: string): Member<Track>[] {
  const taken = new Set<string>()
  const defaultAt = tracks.findIndex((track) => track.default)
  const languages = tracks.map(({ language }) => languageTag(language))
  const kinds = tracks.map(({ forced = false }, at) => `${languages[at]} ${forced}`)
  return tracks.map((track, at) => {
    const language = languages[at] ?? null
    const isDefault = at === defaultAt
    // A player may choose by itself among tracks of different kinds only; the default comes first.
    const isFirstOfKind = kinds.indexOf(kinds[at] ?? '') === at && kinds[at] !== kinds[defaultAt]
    const name = uniqueName(cleanName(track.name ?? '') || nameOf(language) || `${word} ${at + 1}`, taken)
    taken.add(name)
    return { ...track, name, language, default: isDefault, autoselect: isDefault || isFirstOfKind }
  })
}

/** Without what would end a quoted-string, its line, or the order in which the line reads. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('"', "'")
    .replaceAll(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ')
    .trim()
}

/** As players show it: one line of bearable length; may come out empty. */
function cleanName(name: string): string {
  return [...printable(name)].slice(0, MAX_NAME_LENGTH).join('').trim()
}

/**
 * The language tag (RFC 5646) of what a file states, null where that is none: files have the codes of
 * ISO 639-2 (`ger`), of which a tag is the shortest form (`de`).
 */
function languageTag(language: string | null): string | null {
  if (language === null || language.toLowerCase() === 'und') return null
  if (!/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(language)) return null
  try {
    return Intl.getCanonicalLocales(language)[0] ?? null
  } catch {
    return null // well-formed at first sight only, such as `en-a`
  }
}

/** What a language calls itself, `Deutsch`; the tag where that is not known. */
function nameOf(language: string | null): string | null {
  if (language === null) return null
  return cleanName(new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language)
}

function uniqueName(name: string, taken: ReadonlySet<string>): string {
  let candidate = name
  for (let n = 2; taken.has(candidate); n++) candidate = `${name} (${n})`
  return candidate
}
