/**
 * Makes a call that is made once for all who ask for it before it begins, and never twice at once.
 *
 * Who asks while one is under way gets the next: whatever he did before he asked, it sees.
 */
export function share<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= running
      .catch(() => undefined) // those who asked for it were told
      .then(() => {
        next = undefined;
        const called = call();
        running = called;
        return called;
      });
    return next;
  };
}
