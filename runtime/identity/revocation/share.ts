/**
 * Makes a call that is made once for all who ask for it before it begins, and never twice at once.
 *
 * Who asks while one is under way gets the next: whatever he did before he asked, it sees.
 */
export function share(call: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= running
      .catch(() => undefined) // those who asked for it were told
      .then(() => {
        next = undefined;
        running = call();
        return running;
      });
    return next;
  };
}
