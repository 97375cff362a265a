import type { Database } from '../../../src/db.ts'
import { isTerminal, type VideoStatus } from '../../../src/jobs/state.ts'
import type { Acknowledged, Finding } from './finding.ts'

type VideoRow = {
  id: string
  status: VideoStatus
  event_seq: number
  tasks_total: number
  tasks_done: number
  /** By number. */
  events: { seq: number; kind: string }[]
  /** Tasks still queued or running. */
  left: string[]
}

/** Each video is there once, ended as expected, and its timeline says so: one end a life, numbered without a gap. */
export async function checkRows(sql: Database, acknowledged: readonly Acknowledged[]): Promise<Finding[]> {
  const rows = await sql<VideoRow[]>`
    select v.id, v.status, v.event_seq, v.tasks_total, v.tasks_done,
           (select coalesce(jsonb_agg(jsonb_build_object('seq', e.seq, 'kind', e.kind) order by e.seq), '[]')
            from events e where e.video_id = v.id) as events,
           array(select t.kind || ' ' || t.position || ' ' || t.state from tasks t
                 where t.video_id = v.id and t.state in ('queued', 'running') order by t.id) as left
    from videos v where v.id = any(${acknowledged.map((one) => one.videoId)}::uuid[])`
  const byId = new Map(rows.map((row) => [row.id, row]))
  return acknowledged.flatMap((one) => {
    const row = byId.get(one.videoId)
    if (!row) return [{ video: one.videoId, fact: 'video_lost', detail: 'acknowledged, and there is no row' }]
    return [...checkEnd(row, one), ...checkEvents(row)]
  })
}

function checkEnd(row: VideoRow, { expected }: Acknowledged): Finding[] {
  const found: Finding[] = []
  const allowed = [expected].flat()
  if (!allowed.includes(row.status)) {
    const detail = `it is ${row.status}, not ${allowed.join(' or ')}`
    found.push({ video: row.id, fact: 'wrong_status', detail })
  }
  if (isTerminal(row.status) && row.left.length > 0) {
    found.push({ video: row.id, fact: 'task_left', detail: `${row.status}, and ${row.left.join(', ')}` })
  }
  if (row.status === 'completed' && row.tasks_done !== row.tasks_total) {
    const detail = `${row.tasks_done} of ${row.tasks_total} tasks done`
    found.push({ video: row.id, fact: 'counters_wrong', detail })
  }
  return found
}

function checkEvents(row: VideoRow): Finding[] {
  const found: Finding[] = []
  const numbers = row.events.map((event) => event.seq)
  const whole = numbers.every((seq, index) => seq === index + 1) && row.event_seq === numbers.length
  if (!whole || row.events[0]?.kind !== 'submitted') {
    const detail = `event_seq ${row.event_seq}: ${row.events.map(({ seq, kind }) => `${seq} ${kind}`).join(', ')}`
    found.push({ video: row.id, fact: 'events_wrong', detail })
  }
  const lives = livesOf(row.events.map((event) => event.kind))
  const wrong = lives.some((ends, index) => {
    const last = index === lives.length - 1
    if (!last) return ends.length !== 1 || ends[0] === 'completed'
    return isTerminal(row.status) ? ends.length !== 1 || ends[0] !== row.status : ends.length > 0
  })
  if (wrong) {
    const detail = `ends of each life: ${lives.map((ends) => ends.join(' + ') || 'none').join(' | ')}`
    found.push({ video: row.id, fact: 'ended_twice', detail: `${row.status}; ${detail}` })
  }
  return found
}

/** The terminal events of each life; a person's retry begins the next one. */
function livesOf(kinds: readonly string[]): string[][] {
  const lives: string[][] = [[]]
  for (const kind of kinds) {
    if (kind === 'retried') lives.push([])
    else if (['completed', 'failed', 'cancelled'].includes(kind)) lives.at(-1)?.push(kind)
  }
  return lives
}
