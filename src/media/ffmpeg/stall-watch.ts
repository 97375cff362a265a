/**
 * Calls `onStall` once `stallMs` have passed without `grew()`, not counting the time between
 * `suspend()` and `resume()`. `suspend()` also ends it.
 */
export function createStallWatch(stallMs: number, onStall: () => void) {
  let watching = false
  let timer: NodeJS.Timeout | undefined
  let verdict: NodeJS.Immediate | undefined

  const clear = () => {
    clearTimeout(timer)
    clearImmediate(verdict)
  }
  const restart = () => {
    clear()
    // After a time in which this process itself stood still (SIGSTOP, a suspended machine) the timer
    // fires before the reports that wait in the pipe are read; one turn of the loop reads them.
    timer = setTimeout(() => {
      verdict = setImmediate(onStall)
    }, stallMs)
  }
  const resume = () => {
    watching = true
    restart()
  }
  resume()
  return {
    grew(): void {
      if (watching) restart()
    },
    suspend(): void {
      watching = false
      clear()
    },
    resume,
  }
}
