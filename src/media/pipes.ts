/**
 * Which file descriptor of an ffmpeg process is what. 0 and 1 are closed, 2 is stderr, then come
 * the outputs in order, the progress report, and the inputs fed by us.
 */

const FIRST_FD = 3

export const outputFd = (index: number): number => FIRST_FD + index

export const progressFd = (outputs: number): number => FIRST_FD + outputs

export const inputFd = (outputs: number, index: number): number => FIRST_FD + outputs + 1 + index
