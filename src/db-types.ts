/** int8 arrives as a number: ids, fences and sizes stay far below 2^53. */
const bigint = {
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: (raw: string) => Number(raw),
}

/**
 * What postgres-js cannot convert by itself. It would ask each new connection for the array types of the
 * server, but 3.4.9 does not catch the loss of the connection in that question (an unhandled rejection,
 * which ends the process). So these are all the arrays there are; write them as a plain parameter,
 * `${ids}::uuid[]`, for `sql.array` knows none without that question.
 */
export const customTypes = {
  bigint,
  textArray: arrayType([1009, 1015, 2951], String),
  numberArray: arrayType([1005, 1007, 1016, 700, 1022], Number),
}

/** Arrays of one dimension, by the numbers of their types (pg_type.oid). */
function arrayType<T>(oids: [number, ...number[]], read: (text: string) => T) {
  return { to: oids[0], from: oids, serialize: arrayText, parse: (raw: string) => readArray(raw, read) }
}

/** https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function arrayText(values: readonly unknown[]): string {
  const items = values.map((value) =>
    value === null ? 'NULL' : `"${String(value).replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`,
  )
  return `{${items.join(',')}}`
}

function readArray<T>(raw: string, read: (text: string) => T): (T | null)[] {
  return [...raw.matchAll(/"((?:[^"\\]|\\.)*)"|([^,{}]+)/gs)].map(([, quoted, bare = '']) => {
    if (quoted !== undefined) return read(quoted.replaceAll(/\\(.)/gs, '$1'))
    return bare === 'NULL' ? null : read(bare)
  })
}
