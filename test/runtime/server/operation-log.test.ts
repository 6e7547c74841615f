import { expect } from 'chai';
import { WebtaskError } from '../../../runtime/errors.ts';
import { type LogLevel, openOperationLog } from '../../../runtime/server/index.ts';

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJ0ZW4iOiJ0ZXN0In0.c2lnbmF0dXJl';

describe('the log of operation', () => {
  /** What is logged, without what is new each time, which is checked. */
  async function logged(level: LogLevel, act: (log: Awaited<ReturnType<typeof openOperationLog>>) => void) {
    const lines: Record<string, unknown>[] = [];
    const log = await openOperationLog(level, { write: (line) => void lines.push(JSON.parse(line)) });
    act(log);
    return lines.map(({ time, pid, name, ...rest }) => {
      expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect({ pid, name }).to.deep.equal({ pid: process.pid, name: 'webtask' });
      return rest;
    });
  }
  const ERRORS = [
    new WebtaskError('STORE_UNREACHABLE', { reason: 'no' }, { cause: new Error('a', { cause: new TypeError('b') }) }),
    new WebtaskError('COMPILE_FAILED', { reason: 'const KEY = "hush"' }),
    new WebtaskError('ROUTE_UNKNOWN', { method: 'GET', path: '/hush' }),
  ];
  const STORE = {
    level: 'error',
    code: 'STORE_UNREACHABLE',
    status: 502,
    req_id: '1.2',
    cause: 'Error: a <- TypeError: b',
    msg: 'The store did not answer: no.',
  };
  const COMPILE = { level: 'info', code: 'COMPILE_FAILED', status: 400, req_id: '1.2', msg: 'COMPILE_FAILED' };
  const ROUTE = { level: 'debug', code: 'ROUTE_UNKNOWN', status: 404, req_id: '1.2', msg: 'ROUTE_UNKNOWN' };

  for (const [level, expected] of [
    ['error', [STORE]],
    ['info', [STORE, COMPILE]],
    ['debug', [STORE, COMPILE, ROUTE]],
  ] as const) {
    it(`of level ${level} has the errors of who has to act, and words of the platform's alone`, async () => {
      const found = await logged(level, (log) => {
        for (const error of ERRORS) log.error(error, '1.2');
      });
      expect(found).to.deep.equal(expected);
    });
  }

  it('has of what nobody foresaw where it came up', async () => {
    const [line] = await logged('info', (log) => log.error(new TypeError('x is not a function')));
    expect(line).to.include({ code: 'INTERNAL', msg: 'the server met an error that it did not foresee' });
    expect(line?.cause).to.match(/^TypeError: x is not a function\n {4}at /);
  });

  it('shows no credential, wherever it is', async () => {
    const found = await logged('info', (log) => {
      const cause = new Error(`GET /?key=0123456789abcdef failed with Bearer ${TOKEN}`);
      log.error(new WebtaskError('STORE_UNREACHABLE', { reason: `token=${TOKEN}` }, { cause }));
      log.info('started', { token: TOKEN, key: '0123456789abcdef', headers: { authorization: `Bearer ${TOKEN}` } });
    });
    const text = JSON.stringify(found);
    for (const secret of [TOKEN, '0123456789abcdef']) expect(text).not.to.contain(secret);
    expect(found[1]).to.include({ token: '***', key: '***' });
  });
});
