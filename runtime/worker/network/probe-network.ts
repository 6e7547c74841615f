import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { WebtaskError } from '../../errors.ts';
import { withPipes } from '../../with-pipes.ts';
import { asUser, attachNetwork, type NetworkSettings, toolPath } from './attach-network.ts';

/**
 * Tries whether workers can have a network on this machine, by giving one to a process that does nothing: 40 ms.
 *
 * @throws NETWORK_UNAVAILABLE
 */
export async function probeNetwork(settings: NetworkSettings): Promise<void> {
  const { policy, uid } = settings;
  const [command = 'unshare', ...args] = [...asUser(uid), 'unshare', '--user', '--map-root-user', '--net', ...WAIT];
  const child = withPipes(spawn(command, args, { env: { PATH: toolPath() }, stdio: ['pipe', 'pipe', 'pipe'] }));
  const said = text(child.stderr);
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message)).once('exit', (code) => resolve(`it ended with ${code}`));
  });
  try {
    const failed = ended.then(async (how) => {
      const reason = (await said).trim() || how;
      throw new WebtaskError('NETWORK_UNAVAILABLE', { policy, reason });
    });
    await Promise.race([once(child.stdout, 'data'), failed]);
    failed.catch(() => undefined); // it ends below
    await attachNetwork({ pid: child.pid ?? 0, ended, kill: () => child.kill('SIGKILL') }, settings);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Says that it is in its namespaces, and waits. */
const WAIT = ['sh', '-c', 'echo; exec cat'];
