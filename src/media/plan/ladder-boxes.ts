/** A box is long side × short side and takes a picture in the picture's own orientation. */
export type Box = { name: string; long: number; short: number }

export const BOXES: readonly Box[] = [
  { name: '2160p', long: 3840, short: 2160 },
  { name: '1440p', long: 2560, short: 1440 },
  { name: '1080p', long: 1920, short: 1080 },
  { name: '720p', long: 1280, short: 720 },
  { name: '480p', long: 854, short: 480 },
  { name: '360p', long: 640, short: 360 },
  { name: '240p', long: 426, short: 240 },
  { name: '144p', long: 256, short: 144 },
]

/** The names that a profile may offer, largest first. */
export const boxNames: readonly string[] = BOXES.map(({ name }) => name)
