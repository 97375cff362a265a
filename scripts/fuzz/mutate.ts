import { type Box, boxesOf } from './boxes.ts'
import type { Random } from './random.ts'

/** `others` are the seeds that a splice may take from. */
type Material = { bytes: Buffer; others: readonly Buffer[]; random: Random }

const mutations = {
  'bits flipped': ({ bytes, random }: Material) => {
    const changed = Buffer.from(bytes)
    for (let i = 1 + random.below(40); i > 0; i--) flip(changed, random.below(changed.length), random)
    return changed
  },
  'header bits flipped': ({ bytes, random }: Material) => {
    const changed = Buffer.from(bytes)
    const head = Math.min(2048, changed.length)
    for (let i = 1 + random.below(12); i > 0; i--) flip(changed, random.below(head), random)
    return changed
  },
  'cut off': ({ bytes, random }: Material) => bytes.subarray(0, 1 + random.below(bytes.length)),
  'head missing': ({ bytes, random }: Material) => bytes.subarray(random.below(bytes.length)),
  'a hole in it': ({ bytes, random }: Material) => {
    const [from, to] = range(bytes.length, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  'a part zeroed': ({ bytes, random }: Material) => {
    const changed = Buffer.from(bytes)
    const [from, to] = range(bytes.length, random)
    return changed.fill(0, from, Math.min(to, from + 4096))
  },
  'a part twice': ({ bytes, random }: Material) => {
    const [from, to] = range(bytes.length, random)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  'an extreme number': ({ bytes, random }: Material) => {
    const changed = Buffer.from(bytes)
    for (let i = 1 + random.below(4); i > 0; i--) {
      // Numbers are at the front as a rule, and at the back where the index is.
      const reach = Math.min(1500, changed.length - 8)
      const at = random.below(Math.max(1, reach))
      writeExtreme(changed, random.below(3) === 0 ? changed.length - 8 - at : at, random)
    }
    return changed
  },
  'two kinds spliced': ({ bytes, others, random }: Material) => {
    const other = others[random.below(others.length)] ?? bytes
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length)),
      other.subarray(random.below(other.length)),
    ])
  },
  'a box of a wrong size': (material: Material) =>
    withBox(material, (changed, box) => {
      const { random } = material
      const sizes = [0, 1, 7, 8, 0x7fffffff, 0xffffffff, box.size - 1, box.size + 1, box.size * 2] as const
      changed.writeUInt32BE(random.one([...sizes]) >>> 0, box.at)
      return changed
    }),
  'a box twice': (material: Material) =>
    withBox(material, (changed, { at, size }) =>
      Buffer.concat([changed.subarray(0, at + size), changed.subarray(at)]),
    ),
  'a box missing': (material: Material) =>
    withBox(material, (changed, { at, size }) =>
      Buffer.concat([changed.subarray(0, at), changed.subarray(at + size)]),
    ),
  'a box renamed': (material: Material) =>
    withBox(material, (changed, { at }) => {
      changed.write(material.random.one(['free', 'moov', 'trak', 'stbl', 'cmov', 'meta', 'moof']), at + 4)
      return changed
    }),
  'a wild field in a box': (material: Material) =>
    withBox(material, (changed, { at, size }) => {
      const inside = Math.max(1, Math.min(size - 8, changed.length - at - 16))
      for (let i = 0; i < 3; i++)
        writeExtreme(changed, at + 8 + material.random.below(inside), material.random)
      return changed
    }),
} as const

type Mutation = keyof typeof mutations
const kinds = Object.keys(mutations) as [Mutation, ...Mutation[]]

/** One file that no encoder wrote, and what was done to it: one mutation, or two, one after the other. */
export function mutate(material: Material): { bytes: Buffer; done: string } {
  const { random } = material
  const first = random.one(kinds)
  const once = mutations[first](material)
  if (random.below(3) > 0 || once.length < 16) return { bytes: once, done: first }
  const second = random.one(kinds)
  return { bytes: mutations[second]({ ...material, bytes: once }), done: `${first}, ${second}` }
}

function withBox({ bytes, random }: Material, change: (changed: Buffer, box: Box) => Buffer): Buffer {
  const boxes = boxesOf(bytes)
  const box = boxes[random.below(boxes.length)]
  const changed = Buffer.from(bytes)
  if (box) return change(changed, box)
  // No boxes: of another family, where the same numbers stand in chunks, elements or packets.
  writeExtreme(changed, random.below(Math.max(1, changed.length - 8)), random)
  return changed
}

function flip(bytes: Buffer, at: number, random: Random): void {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
}

function range(length: number, random: Random): [from: number, to: number] {
  const from = random.below(length)
  return [from, from + random.below(length - from) + 1]
}

/** What breaks sums and shifts. */
function writeExtreme(bytes: Buffer, at: number, random: Random): void {
  const value = random.one([0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff])
  const width = random.one([1, 2, 4, 8])
  if (at < 0 || at + width > bytes.length) return
  if (width === 8) bytes.writeBigUInt64BE((BigInt(value) << 32n) | BigInt(value), at)
  else bytes.writeUIntBE(value % 2 ** (8 * width), at, width)
}
