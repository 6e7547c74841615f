import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Attachable } from './attach-network.ts';

/** Long before a busy machine is given up. */
const PATIENCE_MS = 10_000;

/**
 * Waits until a process is in a network namespace of its own, in a user namespace that knows its users. From then on it
 * can be given a network, whatever it does meanwhile; before, that would be the network of this process.
 *
 * @returns whether it came to that: where the process ends before, or takes too long, it did not
 * @see user_namespaces(7): gid_map is written last, and is empty until then
 */
export async function untilApart({ pid, ended }: Attachable): Promise<boolean> {
  const shared = readlinkSync('/proc/self/ns/net');
  const giveUp = Date.now() + PATIENCE_MS;
  let hasEnded = false;
  ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded && Date.now() < giveUp) {
    if (isApart(pid, shared)) return true;
    await setTimeout(1);
  }
  return false;
}

function isApart(pid: number, shared: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) !== shared && readFileSync(`/proc/${pid}/gid_map`, 'utf8') !== '';
  } catch {
    return false; // it becomes another user, or has ended
  }
}

/** Whether a process is running, and not only listed until its parent has asked how it ended. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
