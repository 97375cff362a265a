/** What `--help` shows below the options: commands that work as they stand. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ stepladder ${line}`).join('\n')}`
}
