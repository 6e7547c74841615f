import { fail } from '../runtime/errors.ts';
import { readLogs } from '../runtime/server/logs/read.ts';
import { formatRecord } from './format-record.ts';

/** `webtask logs`: prints the logs of a container as they come, until it is interrupted. */
export async function logs(
  named: string | undefined,
  options: { name?: string; json?: boolean; server: string; token?: string },
): Promise<void> {
  const { name, json, token } = options;
  const container = named ?? process.env.WEBTASK_CONTAINER ?? 'default';
  if (token === undefined) return fail('LOGS_WITHOUT_TOKEN', { container });
  const server = options.server.replace(/\/+$/, '');
  const records = await readLogs({ server, container, name, token });
  // On stderr: what follows may go into a file or another program.
  process.stderr.write(`reading the logs of ${container} at ${server}; ctrl+c ends\n`);
  process.stdout.on('error', () => process.exit()); // who was reading has gone, as head does
  const inColor = process.stdout.isTTY === true && !process.env.NO_COLOR;
  for await (const record of records) process.stdout.write(`${json ? record : formatRecord(record, inColor)}\n`);
}
