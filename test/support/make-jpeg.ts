/**
 * The frame of a JPEG (ITU-T T.81, B.2.1) around data of so many bytes: enough for whoever only cuts it
 * out of a stream. Its data has a coded 0xff and a restart marker, its header looks like an end.
 */
export function makeJpeg(dataBytes = 20): Buffer {
  const header = Buffer.from([0xff, 0xe0, 0, 6, 0xff, 0xd9, 0xff, 0xd8])
  const scan = Buffer.from([0xff, 0xda, 0, 4, 1, 2])
  const data = Buffer.alloc(dataBytes, 0x55)
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    header,
    scan,
    data,
    Buffer.from([0xff, 0x00, 1, 0xff, 0xd3, 2]),
    Buffer.from([0xff, 0xd9]),
  ])
}
