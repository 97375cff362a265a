import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'

export type PassOptions = {
  program: string
  baseUrl: string
  /** Cases for each operation in each phase that makes them up. */
  examples: number
  seed: number
  /** Of a key, for each request. */
  headers: Readonly<Record<string, string>>
  /** Ids that exist, to come up in addresses half the time. */
  ids: readonly string[]
  /** Keys of sources that exist, likewise. */
  keys: readonly string[]
  /** Where all that it sends is kept, as an HTTP Archive. */
  recording: string
  /** The same cases each time: one worker, and nothing that is made of answers. */
  repeatable?: boolean
}

export type Pass = {
  cases: number
  failures: { title: string; count: number; operations: string[] }[]
  /** What schemathesis printed: each failure with a command that repeats it. */
  output: string
}

const reportSchema = z.object({
  test_cases: z.object({ generated: z.number() }),
  failures: z.array(z.object({ title: z.string(), count: z.number(), operations: z.array(z.string()) })),
  errors: z.array(z.object({ title: z.string(), count: z.number() })),
})

/**
 * One run of schemathesis with one seed: requests that the document allows, requests that it does not, and
 * sequences of both; each answer is held against the document.
 */
export async function fuzzOnce(options: PassOptions): Promise<Pass> {
  const { program, baseUrl, examples, seed, headers, recording, repeatable = false } = options
  const manner = repeatable
    ? ['--generation-deterministic', '--phases', 'examples,coverage,fuzzing']
    : ['--seed', String(seed)]
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-fuzz-'))
  try {
    writeFileSync(join(folder, 'schemathesis.toml'), settings(options))
    const report = join(folder, 'report.json')
    const { all } = await execa(
      program,
      [
        ...['--config-file', join(folder, 'schemathesis.toml'), 'run', `${baseUrl}/openapi.json`],
        // With several, Python 3.11 stumbles over its own syntax trees now and then.
        ...['--workers', '1'],
        ...['--max-examples', String(examples), '--no-color', '--report-json-path', report],
        ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
        ...['--report-har-path', recording, '--report-preserve-bytes', '--output-sanitize', 'false'],
        ...manner,
      ],
      { cwd: folder, reject: false, all: true, env: { PYTHONHASHSEED: '0' } },
    )
    const { test_cases, failures, errors } = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')))
    const broken = errors.map((error) => ({ ...error, operations: [] }))
    return { cases: test_cases.generated, failures: [...failures, ...broken], output: all }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** https://schemathesis.readthedocs.io/en/stable/reference/configuration/ */
function settings({ ids, keys }: Pick<PassOptions, 'ids' | 'keys'>): string {
  return `
continue-on-failure = true
request-timeout = 20
# Streams of events have no end.
max-stream-events = 1
warnings = false

[dictionaries.ids]
values = ${JSON.stringify(ids)}

[dictionaries.keys]
values = ${JSON.stringify(keys)}

[parameters]
"path.id" = { dictionary = "ids", probability = 0.5 }
"body.source.key" = { dictionary = "keys", probability = 0.5 }

[generation]
database = "none"

[checks]
# What the document allows may still be refused: a key that nothing was uploaded to, a URL that is none.
positive_data_acceptance.enabled = false
# Refusals of ours beyond those that are expected.
negative_data_rejection.expected-statuses = ["4xx"]
# 503 is an answer that the document tells of: two looks at sources go at a time.
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]

# A stream without an event is read until then, and many have none. The API itself gives up after 8 s.
[[operations]]
include-operation-id = ["followAll", "followVideo"]
request-timeout = 10

# What was given up is told of for a week, as expired.
[[operations]]
include-operation-id = ["getUpload", "deleteUpload", "signUploadRequest"]
checks = { use_after_free = { enabled = false } }
`
}
