import type { Context, Next } from 'hono'

/** Players on other sites may read what this leads to; it carries no secrets but addresses that run out. */
export async function allowAllOrigins(c: Context, next: Next): Promise<void> {
  openToAllOrigins(c)
  await next()
}

/** The same for one answer. */
export function openToAllOrigins(c: Context): void {
  c.header('Access-Control-Allow-Origin', '*')
  c.header('Cross-Origin-Resource-Policy', 'cross-origin')
}
