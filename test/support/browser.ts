import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const quietly = ['--disable-background-networking', '--disable-component-update', '--disable-sync']
const asRoot = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']

/** Headless Chromium as the distribution ships it, free to play without a click. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [...asRoot, ...quietly, '--autoplay-policy=no-user-gesture-required'],
  })
}

function chromiumPath(): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
  if (found === undefined)
    throw new Error(`none of ${names.join(', ')} is on PATH; scripts/test.sh installs chromium`)
  return found
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // accessSync has no other way to say no
  }
}
