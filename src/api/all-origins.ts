import type { Context, Next } from 'hono'

/** Players on other sites may read what this leads to; it carries no secrets but addresses that run out. */
export async function allowAllOrigins(c: Context, next: Next): Promise<void> {
  c.header('Access-Control-Allow-Origin', '*')
  await next()
}
