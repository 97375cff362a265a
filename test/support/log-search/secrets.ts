/** What lets somebody in, by its form. Not the scrubber's own list (src/log-scrub.ts): what that forgets must be found here. */
const forms = [
  // A presigned address, a signed request (AWS Signature Version 4).
  String.raw`(?i:X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D)\w)`,
  String.raw`\bSignature=[0-9a-f]{16}`,
  // A password in an address.
  String.raw`:\/\/[^\s/?#@"'\\<>]*:[^\s/?#@"'\\<>]+@`,
  // An API key, a token (JWT), one in a query, what a request shows.
  String.raw`\b[0-9a-f]{16}\.[\w-]{43}(?![\w-])`,
  String.raw`\beyJ[\w-]{10,}\.[\w-]+\.`,
  String.raw`[?&]token=\w`,
  String.raw`\b(?i:Bearer|Basic)\s+[\w.~+/=-]{16}`,
  // A webhook's secret, and a signature made with one.
  String.raw`\bwhsec_[\w+/-]{8}`,
  String.raw`\bv1,[\w+/]{43}=`,
]

/** Too short to be searched for: it would be found in what is none. */
const leastChars = 8

export type SecretFinder = {
  /** From now on these texts are secrets too. */
  know(texts: readonly string[]): void
  /** The line with its secrets cut, from a little before the first of them; null where there is none. */
  find(line: string): string | null
}

/** One compiled expression, whatever there is to be found. */
export function createSecretFinder(): SecretFinder {
  const known = new Set<string>()
  let pattern = new RegExp(forms.join('|'))
  return {
    know(texts) {
      const before = known.size
      for (const text of texts) if (text.length >= leastChars) known.add(text)
      if (known.size === before) return
      pattern = new RegExp([...forms, ...[...known].map((text) => RegExp.escape(text))].join('|'))
    },
    find(line) {
      const at = line.search(pattern)
      if (at < 0) return null
      const cut = line
        .slice(at)
        .replaceAll(new RegExp(`(?:${pattern.source})[^\\s"'&\\\\<>]*`, 'g'), '<secret>')
      return line.slice(Math.max(0, at - 100), at) + cut.slice(0, 200)
    },
  }
}

/** What an environment holds of secrets: whatever its name says is one, and the password of every address. */
export function secretsIn(environment: NodeJS.ProcessEnv): string[] {
  return Object.entries(environment).flatMap(([name, value = '']) => {
    if (/(SECRET|SECRET_KEY|PASSWORD|TOKEN|STEPLADDER_KEY)$/.test(name)) return [value]
    if (!/URL$/.test(name) || !URL.canParse(value)) return []
    const { username, password } = new URL(value)
    // One that is its user's name cannot be told from that.
    return password === username ? [] : [password, decodeURIComponent(password)]
  })
}
