import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { createLogs, createOutputBudget, startRunLog } from '../../../../runtime/server/logs/index.ts';

/** The log of a run of `hello`, whose webtasks may print so much. */
function logOf(outputBytes: number): { log: ReturnType<typeof startRunLog>; lines: string[] } {
  const lines: string[] = [];
  const res = new EventEmitter() as ServerResponse; // it only closes
  const log = startRunLog(res, {
    logs: createLogs(),
    output: createOutputBudget(outputBytes, () => 0),
    container: 'dev',
    name: 'hello',
    id: '1.1',
    secrets: {},
    startedAt: 0,
    onLine: (line) => lines.push(line),
  });
  return { log, lines };
}

describe('the log of a run on the terminal of the server', () => {
  it('has no control characters, with which a webtask would rewrite the lines of others', () => {
    const { log, lines } = logOf(1000);
    log.onMessage('\x1b[31mred\x1b[0m\tand é\nover\rother | forged\x07\x9b2J', 30);
    expect(lines).to.deep.equal(['hello | red\tand é', 'hello | overother | forged']);
  });

  it('has an end where a webtask prints nothing but line ends', () => {
    const { log, lines } = logOf(1024);
    for (let i = 0; i < 100; i++) log.onMessage('', 30);
    expect(lines).to.deep.equal([
      ...Array(8).fill('hello | '),
      'hello | This container prints too much: what its webtasks print is left out for some seconds.',
    ]);
  });
});

describe('the log of a run that nobody reads', () => {
  /** A run from its beginning to its end, and what was made of it for readers. */
  const written = (isRead: boolean): { texts: string[]; asksUsage: boolean } => {
    const texts: string[] = [];
    const write = ({ text }: { text: string }): void => void texts.push(text);
    const res = { req: { method: 'GET', url: '/' }, headersSent: true, statusCode: 200, writableFinished: true };
    const log = startRunLog(res as unknown as ServerResponse, {
      logs: { ...createLogs(), isRead: () => isRead, write },
      output: createOutputBudget(1000, () => 0),
      container: 'dev',
      name: 'hello',
      id: '1.1',
      secrets: {},
      startedAt: performance.now(),
      onLine: () => undefined,
    });
    log.compiled('warm');
    log.onClose();
    return { texts: texts.map((it) => it.replace(/\d+ms/, 'TIME')), asksUsage: log.onUsage !== undefined };
  };

  it('is not made: neither its lines, nor what the run has used', () => {
    expect(written(false)).to.deep.equal({ texts: [], asksUsage: false });
    expect(written(true)).to.deep.equal({
      texts: ['new webtask request 1.1', 'finished webtask request 1.1 with HTTP 200 in TIME'],
      asksUsage: true,
    });
  });
});
