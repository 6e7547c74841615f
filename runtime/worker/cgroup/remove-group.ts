import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How long what was killed may take until it is gone; longer only where the kernel waits for a device. */
const PATIENCE_MS = 5_000;

/**
 * Ends all that is in a control group, and removes it with those below when that is gone.
 *
 * @param folder - absolute path of the group
 */
export async function removeGroup(folder: string): Promise<void> {
  for (let waitMs = 1; waitMs < PATIENCE_MS; waitMs *= 2) {
    endAll(folder);
    if (removeEmpty(folder)) return;
    await delay(waitMs, undefined, { ref: false });
  }
}

/** Ends all that is in a control group and in those below, at once and whatever they start meanwhile. */
export function endAll(folder: string): void {
  try {
    writeFileSync(join(folder, 'cgroup.kill'), '1');
  } catch {
    // It has been removed.
  }
}

/**
 * Removes a control group and those below, where nothing is in them.
 *
 * @returns whether it is gone
 */
export function removeEmpty(folder: string): boolean {
  try {
    for (const one of readdirSync(folder, { withFileTypes: true })) {
      if (one.isDirectory()) removeEmpty(join(folder, one.name));
    }
    rmdirSync(folder);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'; // whatever Node's file system throws has a code
  }
  return true;
}
