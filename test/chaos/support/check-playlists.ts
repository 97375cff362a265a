import { posix } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Storage } from '../../../src/storage.ts'
import type { Finding } from './finding.ts'
import type { NamedTrack, NamedVideo } from './named-objects.ts'

/** The stored master names the stored media playlists, and each of those its track's objects in their order. */
export async function checkPlaylists(storage: Storage, video: NamedVideo): Promise<Finding[]> {
  const wrong = (detail: string): Finding => ({ video: video.id, fact: 'playlist_wrong', detail })
  const listed = video.tracks.filter((track) => track.playlistKey !== null)
  if (video.masterKey === null) return [wrong('a completed video without a master')]
  const master = await readLines(storage, video.masterKey)
  if (master === null) return [] // missing, and found as such
  // A sound without a picture is a variant and a rendition.
  const addresses = new Set(addressesIn(master))
  const named = sorted([...addresses].map((uri) => besides(video.masterKey ?? '', uri)))
  const expected = sorted(
    listed.flatMap(({ playlistKey, iframesKey }) => [playlistKey ?? [], iframesKey ?? []].flat()),
  )
  const found: Finding[] = []
  if (named.join() !== expected.join()) found.push(wrong(`the master names ${named}, not ${expected}`))
  for (const track of listed) {
    const lines = track.playlistKey === null ? null : await readLines(storage, track.playlistKey)
    if (lines) found.push(...faultsIn(track, lines).map((fault) => wrong(`${track.name}: ${fault}`)))
  }
  return found
}

function faultsIn(track: NamedTrack, lines: readonly string[]): string[] {
  const faults: string[] = []
  const named = addressesIn(lines).map((uri) => besides(track.playlistKey ?? '', uri))
  const expected = [...(track.init ? [track.init.key] : []), ...track.segments.map((segment) => segment.key)]
  if (named.join() !== expected.join()) faults.push(`it names ${named}, not ${expected}`)
  // Text has no init and counts in milliseconds.
  const timescale = track.init?.timescale ?? 1000
  const durations = lines.flatMap((line) => /^#EXTINF:([\d.]+),/.exec(line)?.[1] ?? [])
  const told = track.segments.map(({ duration }) => (duration / timescale).toFixed(6))
  if (durations.join() !== told.join()) faults.push(`it says ${durations} s, not ${told}`)
  if (lines.at(-1) !== '#EXT-X-ENDLIST') faults.push('it has no end')
  return faults
}

/** Addresses in the order of their lines: those of tags (EXT-X-MAP, EXT-X-MEDIA) and bare ones. */
function addressesIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => (line.startsWith('#') ? (/URI="([^"]+)"/.exec(line)?.[1] ?? []) : line))
}

function besides(playlistKey: string, uri: string): string {
  return posix.join(posix.dirname(playlistKey), uri)
}

async function readLines(storage: Storage, key: string): Promise<string[] | null> {
  if ((await storage.head(key)) === null) return null
  const content = await text(storage.read(key, AbortSignal.timeout(30_000)))
  return content.trimEnd().split('\n')
}

function sorted(keys: string[]): string[] {
  return keys.toSorted()
}
