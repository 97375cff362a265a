/** What a browser shows after `POST /session`. */
export const sessionCookie = 'stepladder_session'
