import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { ServerOptions } from '../../runtime/server/index.ts';
import { type Answer, CLUSTER, type RunQuestion, run, startTestServer, type TestServer } from './server.ts';
import { storeSettings } from './table.ts';

/** A server that strangers attack through one container, while another is used. */
export interface Attacked {
  readonly server: TestServer;
  /** Sends code to container `attacked`, and gives the answer, with the answers of the other container meanwhile. */
  attack(code: string, question?: RunQuestion): Promise<Answer>;
}

/** Small limits, so that they are soon reached. */
const LIMITS = {
  WEBTASK_LIMIT_BLOCKED_MS: '1500',
  WEBTASK_LIMIT_CPU_MS: '100000',
  WEBTASK_LIMIT_MEMORY_BYTES: String(64 << 20),
  WEBTASK_LIMIT_REPLY_BYTES: String(4 << 20),
  WEBTASK_LIMIT_OUTPUT_BYTES: String(1 << 20),
};

const FINE = 'module.exports = cb => cb(null, "fine");';

/**
 * Uses a server for the attacks of a describe. After each, the next request to the attacked container is answered, and
 * the other container has not noticed anything.
 */
export function useAttacked(
  isolation: NonNullable<ServerOptions['isolation']>,
  limits: Record<string, string> = {},
): Attacked {
  let server: TestServer | undefined;
  const running = (): TestServer => server ?? expect.fail('the server was not started');
  const ask = (container: string, code: string, question: RunQuestion = {}): Promise<Answer> =>
    run(running(), running().sign({ ten: container }), { method: 'POST', body: code, ...question, container });
  const expectFine = async (container: string): Promise<void> => {
    const { status, body } = await ask(container, FINE);
    expect({ container, status, body }).to.deep.equal({ container, status: 200, body: '"fine"' });
  };

  before(async () => {
    const env = { ...CLUSTER, ...(await storeSettings()), ...LIMITS, ...limits };
    server = await startTestServer(20_000, { isolation, env });
    await expectFine('other');
  });
  after(() => server?.close());
  afterEach(() => expectFine('attacked'));
  return {
    get server() {
      return running();
    },
    async attack(code, question) {
      const attack = ask('attacked', code, question);
      const [answer] = await Promise.allSettled([attack, expectFine('other')]);
      await expectFine('other');
      return answer.status === 'fulfilled' ? answer.value : Promise.reject(answer.reason);
    },
  };
}

/** The commands of this machine's processes that hold a word. */
export function commandsWith(word: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandOf)
    .filter((command) => command.includes(word));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended
  }
}
