import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { ServerOptions } from '../../runtime/server/index.ts';
import { skipUnlessShutIn } from './isolation.ts';
import { type Answer, CLUSTER, type RunQuestion, run, startTestServer, type TestServer } from './server.ts';
import { storeSettings } from './table.ts';

/** The modes in which webtasks of strangers are run. */
export const MODES = ['process', 'sandbox'] as const;

/** A server that strangers attack through one container, while another is used. */
export interface Attacked {
  readonly server: TestServer;
  /**
   * Sends code to container `attacked`, or to that of the question, as a stranger would, and gives the answer. Another
   * container is asked at the same time, and once more when it is over.
   */
  attack(code: string, question?: RunQuestion): Promise<Answer>;
  /** Sends code that runs beside the attack. */
  ask(code: string): Promise<Answer>;
  /** Sends code to another container. */
  askAs(container: string, code: string): Promise<Answer>;
}

/** Small limits, so that they are soon reached. */
const LIMITS = {
  WEBTASK_LIMIT_BLOCKED_MS: '2000',
  WEBTASK_LIMIT_CPU_MS: '100000',
  WEBTASK_LIMIT_MEMORY_BYTES: String(64 << 20),
  WEBTASK_LIMIT_REPLY_BYTES: String(4 << 20),
  WEBTASK_LIMIT_OUTPUT_BYTES: String(1 << 20),
  WEBTASK_WORKER_RESTART_MS: '0', // there is one attack after the other
};

const FINE = 'module.exports = cb => cb(null, "fine");';

/**
 * Uses a server for the attacks of a describe. After each, the next request to the attacked container is answered.
 *
 * @param limits - settings that are not as the tests usually have them
 * @param limitMs - milliseconds that a webtask may take until it answers
 */
export function useAttacked(
  isolation: NonNullable<ServerOptions['isolation']>,
  limits: Readonly<Record<string, string>> = {},
  limitMs = 20_000,
): Attacked {
  let server: TestServer | undefined;
  let attacked = 'attacked';
  const running = (): TestServer => server ?? expect.fail('the server was not started');
  const ask = (container: string, code: string, question: RunQuestion = {}): Promise<Answer> =>
    run(running(), running().sign({ ten: container }), { method: 'POST', body: code, ...question, container });
  const expectFine = async (container: string): Promise<void> => {
    const { status, body } = await ask(container, FINE);
    expect({ container, status, body }).to.deep.equal({ container, status: 200, body: '"fine"' });
  };

  before(async function () {
    if (isolation === 'sandbox') skipUnlessShutIn(this);
    const env = { ...CLUSTER, ...(await storeSettings()), ...LIMITS, ...limits };
    server = await startTestServer(limitMs, { isolation, env });
    await expectFine('other');
  });
  after(() => server?.close());
  afterEach(async () => {
    if (!server) return;
    // What is looked at once a second may be found when the next request has begun, or the one after it: one is told.
    const answers = [await ask(attacked, FINE), await ask(attacked, FINE)].map(({ body }) => body);
    const told = answers.filter((body) => body !== '"fine"');
    expect(told.filter((body) => !/bytes of memory/.test(body))).to.deep.equal([]);
    expect(told.length).to.be.at.most(1);
    await expectFine(attacked);
  });
  return {
    get server() {
      return running();
    },
    async attack(code, question) {
      attacked = question?.container ?? 'attacked';
      const [answer, other] = await Promise.allSettled([ask(attacked, code, question), expectFine('other')]);
      if (other.status === 'rejected') throw other.reason;
      await expectFine('other');
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    },
    ask: (code) => ask('attacked', code),
    askAs: ask,
  };
}

/** An answer, by what a caller can tell of it. */
export function words({ status, headers, body }: Answer): string {
  const { message, details } = JSON.parse(body) as { message?: string; details?: string };
  return `${status} ${headers['x-wt-response-source']}: ${message ?? details}`;
}

/** Code that writes frames past the platform: `frame(kind, last, id, head, bytes)`, and `send`, which waits. */
export const FRAMES = `
const fs = require('fs');
const frame = (kind, last, id, head = '', bytes = '') => {
  const header = Buffer.alloc(14);
  header[0] = kind;
  header[1] = last;
  header.writeUInt32BE(id, 2);
  header.writeUInt32BE(Buffer.byteLength(head), 6);
  header.writeUInt32BE(Buffer.byteLength(bytes), 10);
  return Buffer.concat([header, Buffer.from(head), Buffer.from(bytes)]);
};
const send = (buffer) => {
  for (let at = 0; at < buffer.length; ) {
    try {
      at += fs.writeSync(3, buffer, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};
`;

/** The commands of this machine's processes that hold a word. */
export function commandsWith(word: string): string[] {
  return processesWith(word).map(({ command }) => command);
}

/** Ends this machine's processes whose commands hold a word. */
export function endAllWith(word: string): void {
  for (const { pid } of processesWith(word)) process.kill(Number(pid), 'SIGKILL');
}

function processesWith(word: string): { pid: string; command: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => ({ pid, command: commandOf(pid) })).filter(({ command }) => command.includes(word));
}

/** The command of a process; empty where it has ended. */
export function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
