// @ts-check
import { ApiError } from '../base/api.js'

/** What Uppy's Dashboard says, where its own words would not do here. */
export const dashboardWords = {
  strings: {
    dashboardTitle: 'Files to upload',
    dropPasteFiles: 'Drop videos here or %{browseFiles}',
    browseFiles: 'choose files',
    dropHint: 'Drop them here',
    editing: 'Title of %{file}',
    editFileWithFilename: 'Change the title of %{file}',
    finishEditingFile: 'Leave the title as it was',
    saveChanges: 'Save',
    removeFile: 'Remove %{file}',
    addMore: 'Add more',
    sessionRestored: 'There are unfinished uploads',
    recoveredXFiles: {
      0: 'Choose the file again: the upload goes on where it stopped.',
      1: 'Choose the %{smart_count} files again: the uploads go on where they stopped.',
    },
    recoveredAllFiles: 'They can go on where they stopped.',
    reSelect: 'Choose again',
  },
}

/**
 * What stopped an upload.
 * - `gone`: the server let go of it, it has to start anew
 * - `passing`: nobody answered, or not now
 * - `refused`: would fail again
 * @typedef {{ kind: 'gone' | 'passing' | 'refused', text: string }} Stop
 */

/**
 * @param {any} error what the API refused, or one of Uppy's S3 client with a `status` or the code `NETWORK`
 * @returns {Stop}
 */
export function explainStop(error) {
  if (error instanceof ApiError) {
    if (error.code === 'upload_expired' || error.status === 404) return { kind: 'gone', text: error.message }
    return { kind: error.status === 0 || error.status >= 500 ? 'passing' : 'refused', text: error.message }
  }
  if (error?.code === 'NETWORK') return { kind: 'passing', text: 'The store does not answer.' }
  const status = Number(error?.status ?? 0)
  if (status === 404) return { kind: 'gone', text: 'The store has let go of it.' }
  if (status >= 500) return { kind: 'passing', text: `The store answered ${status}.` }
  if (status > 0) return { kind: 'refused', text: `The store refused it: ${error.serviceCode ?? status}.` }
  return { kind: 'refused', text: String(error?.message ?? error) }
}
