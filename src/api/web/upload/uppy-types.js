// @ts-check
/**
 * Types alone: no browser ever loads this file.
 *
 * @typedef {object} Meta what Uppy keeps with a file, also over a closed tab
 * @property {string} name shown, and what the title will be
 * @property {string} [filename] as it was chosen
 * @property {import('./job-options.js').JobOptions} [asked] once its upload has begun
 *
 * @typedef {import('@uppy/core').Uppy<Meta & Record<string, any>, Record<string, never>>} Uppy
 * @typedef {import('@uppy/core').UppyFile<Meta & Record<string, any>, Record<string, never>> & { s3Multipart?: { key: string, uploadId: string } | undefined }} UppyFile
 */
export {}
