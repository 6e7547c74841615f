import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** Node sees to the lower ones itself when it starts: no child gets them that was not meant to. */
const LAST_OF_NODE = 15;
/** O_CLOEXEC of asm-generic/fcntl.h: this process has opened it. */
const OPENED_HERE = 0o2000000;

/**
 * Closes what the server was started with by somebody else, such as the files and pipes of who supervises it: they come
 * along with each process that it starts, and a folder among them would be a way out of a sandbox.
 *
 * @see open(2), proc(5): fdinfo
 */
export function closeInherited(): void {
  for (const descriptor of listDescriptors()) {
    if (descriptor > LAST_OF_NODE && (flagsOf(descriptor) & OPENED_HERE) === 0) closeSync(descriptor);
  }
}

function listDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fdinfo').map(Number);
  } catch {
    return []; // elsewhere than on Linux nobody says
  }
}

function flagsOf(descriptor: number): number {
  try {
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
    return flags === undefined ? OPENED_HERE : Number.parseInt(flags, 8);
  } catch {
    return OPENED_HERE; // that of the list itself
  }
}
