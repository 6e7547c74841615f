/** Until then nobody asks what takes so long. */
const QUIET_MS = 2_000;

/** Makes what says on stderr how far something is: after two seconds, and every two seconds from then. */
export function progress(now: () => number = Date.now): (line: string) => void {
  let next = now() + QUIET_MS;
  return (line) => {
    if (now() < next) return;
    next = now() + QUIET_MS;
    process.stderr.write(`${line}\n`);
  };
}
