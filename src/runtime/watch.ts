/**
 * A few words of shared memory in which a sandbox thread says what runs in it, so that a thread that hangs can be found and the
 * request that hangs it be named. The first word counts changes; it is odd while the others are being written.
 */
export const watchBytes = 16

const [changes, job, since] = [0, 1, 2]

/** Milliseconds on a clock that all threads share, small enough for one word. */
const now = (): number => (performance.timeOrigin + performance.now()) & 0x7fffffff

/** The thread's side. */
export const watched = (memory: SharedArrayBuffer) => {
  const words = new Int32Array(memory)
  const write = (id: number, at: number): void => {
    Atomics.add(words, changes, 1)
    Atomics.store(words, job, id)
    Atomics.store(words, since, at)
    Atomics.add(words, changes, 1)
  }
  return {
    enter: (id: number): void => write(id, now()),
    leave: (): void => write(0, 0),
  }
}

/** The other side: which job has been running for how many milliseconds, if one runs. */
export const watcher = (memory: SharedArrayBuffer) => {
  const words = new Int32Array(memory)
  return (): { readonly job: number; readonly ms: number } | undefined => {
    for (let tries = 0; tries < 100; tries++) {
      const before = Atomics.load(words, changes)
      if (before % 2 !== 0) continue
      const id = Atomics.load(words, job)
      const at = Atomics.load(words, since)
      if (Atomics.load(words, changes) !== before) continue
      return id === 0 ? undefined : { job: id, ms: (now() - at) & 0x7fffffff }
    }
    return undefined
  }
}
