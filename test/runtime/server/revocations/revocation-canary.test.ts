import type { IncomingMessage, RequestListener } from 'node:http';
import { install } from '@sinonjs/fake-timers';
import { expect } from 'chai';
import type { WebtaskError } from '../../../../runtime/errors.ts';
import type { RevocationSource } from '../../../../runtime/server/revocations/revocation-source.ts';
import { createRevocationWebtask } from '../../../../runtime/server/revocations/revocation-webtask.ts';
import { createRevocations } from '../../../../runtime/server/revocations/revocations.ts';
import { NOW } from '../../../support/keys.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import { refusalOf } from '../../../support/refusal.ts';

const CANARY = 'webtask-revocation-canary';
const unanswered = (reason: string) => ({
  code: 'REVOCATION_UNANSWERED',
  message: `The webtask that keeps revocations gave no answer: ${reason}.`,
  fix: 'Look at WEBTASK_REVOCATION_URL, and at what that webtask prints.',
});

/** By the contract `seed` a 404 can be anybody’s, so an id that is revoked has to be known to whoever answers. */
describe('the canary of revocations that a webtask keeps', () => {
  let origin: Origin;
  let answer: RequestListener;
  let clock: ReturnType<typeof install>;
  let time: number;
  let errors: WebtaskError[];
  let stops: (() => void)[];
  let told: () => void;
  before(async () => {
    origin = await startOrigin((req, res) => answer(req, res));
  });
  after(() => origin.close());
  beforeEach(() => {
    time = NOW * 1000;
    errors = [];
    stops = [];
    told = () => undefined;
    clock = install({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    for (const stop of stops) stop();
    clock.uninstall();
  });

  const open = (contract: 'seed' | 'marker' = 'seed', timeoutMs = 5000): RevocationSource =>
    createRevocationWebtask(`${origin.origin}/revoke`, contract, () => time, timeoutMs);
  const watch = (source: RevocationSource): void => {
    const stop = source.watch?.((error) => {
      errors.push(error);
      told();
    });
    if (stop) stops.push(stop);
  };
  const jtiOf = (req: IncomingMessage): string => new URL(req.url ?? '', origin.origin).searchParams.get('jti') ?? '';
  const calls = (from: number): string[] => origin.requests.slice(from).map((req) => `${req.method} ${jtiOf(req)}`);

  function keepList(): Set<string> {
    const list = new Set<string>();
    answer = (req, res) => {
      if (req.method === 'PUT') list.add(jtiOf(req));
      res.writeHead(list.has(jtiOf(req)) ? 200 : 404).end();
    };
    return list;
  }
  const answerWith = (status: number): void => {
    answer = (_req, res) => res.writeHead(status).end();
  };
  /** Resolves when the canary was asked for and answered. */
  const checked = (): Promise<void> =>
    new Promise((resolve) => {
      const inner = answer;
      answer = (req, res) => {
        if (req.method === 'GET' && jtiOf(req) === CANARY) res.once('close', () => setImmediate(resolve));
        inner(req, res);
      };
    });

  it('is put and asked for when the server starts', async () => {
    keepList();
    const from = origin.requests.length;
    const done = checked();
    watch(open());
    await done;
    expect(calls(from)).to.deep.equal([`PUT ${CANARY}`, `GET ${CANARY}`]);
  });

  it('is put again every minute, and not with each question', async () => {
    keepList();
    const from = origin.requests.length;
    const source = open();
    let done = checked();
    watch(source);
    await done;
    for (let minute = 1; minute <= 3; minute += 1) {
      expect(await source.has('a')).to.equal(false);
      expect(await source.has('b')).to.equal(false);
      keepList();
      done = checked();
      time += 60_000;
      clock.tick(60_000);
      await done;
    }
    const canaries = calls(from).filter((it) => it.endsWith(CANARY));
    expect(canaries).to.deep.equal(
      Array(4)
        .fill([`PUT ${CANARY}`, `GET ${CANARY}`])
        .flat(),
    );
  });

  it('makes a 404 count only while it answers 200', async () => {
    answerWith(404); // as a proxy does whose webtask is gone
    expect(await refusalOf(open().has('a'))).to.deep.equal(unanswered('revoking was answered with 404'));
    answer = (req, res) => res.writeHead(req.method === 'PUT' ? 200 : 404).end();
    expect(await refusalOf(open().has('a'))).to.deep.equal(unanswered('what was just revoked was answered with 404'));
  });

  it('ends that when it is not answered with 200, a minute later at the latest, and says so', async () => {
    keepList();
    const source = open();
    const done = checked();
    watch(source);
    await done;
    expect(await source.has('a')).to.equal(false);
    answerWith(404);
    const saidSo = new Promise<void>((resolve) => {
      told = resolve;
    });
    clock.tick(60_000);
    time += 60_000;
    await saidSo;
    expect(errors.map(({ message }) => message)).to.deep.equal([
      'The webtask that keeps revocations gave no answer: revoking was answered with 404.',
    ]);
    expect((await refusalOf(source.has('a'))).code).to.equal('REVOCATION_UNANSWERED');
  });

  it('makes a 404 count again as soon as it is answered again', async () => {
    answerWith(404);
    const source = open();
    expect((await refusalOf(source.has('a'))).code).to.equal('REVOCATION_UNANSWERED');
    keepList();
    expect(await source.has('a')).to.equal(false);
  });

  it('is not needed for a yes, which nobody says by accident', async () => {
    const list = keepList();
    list.add('a');
    const from = origin.requests.length;
    expect(await open().has('a')).to.equal(true);
    expect(calls(from)).to.deep.equal(['GET a']);
  });

  it('grows too old where no timer asked for it', async () => {
    keepList();
    const source = open();
    expect(await source.has('a')).to.equal(false);
    answerWith(404);
    time += 69_999;
    expect(await source.has('a')).to.equal(false);
    time += 1;
    expect((await refusalOf(source.has('a'))).code).to.equal('REVOCATION_UNANSWERED');
  });

  it('is checked once for many questions at the same time', async () => {
    keepList();
    const from = origin.requests.length;
    const source = open();
    await Promise.all(['a', 'b', 'c', 'd'].map((jti) => source.has(jti)));
    expect(calls(from).filter((it) => it.endsWith(CANARY))).to.have.lengthOf(2);
  });

  it('is left alone by the contract marker, whose answers say themselves where they are from', async () => {
    const from = origin.requests.length;
    watch(open('marker'));
    clock.tick(180_000);
    expect(calls(from)).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('ends with the server, and keeps no process alive', async () => {
    keepList();
    const done = checked();
    watch(open());
    await done;
    expect(clock.countTimers()).to.equal(1);
    for (const stop of stops) stop();
    expect(clock.countTimers()).to.equal(0);
  });

  it('that is not answered in time makes the check fail: 502, and no token runs', async () => {
    answer = () => undefined;
    const revocations = createRevocations(open('seed', 50), () => time);
    const refused = { code: 'REVOCATION_CHECK_FAILED', message: 'revocation check failed', fix: undefined };
    expect(await refusalOf(Promise.resolve(revocations.isRevoked({ jti: 'a' })))).to.deep.equal(refused);
    expect(await refusalOf(open('seed', 50).add('a', 'jwt', {}))).to.deep.equal(
      unanswered('it did not answer within 50 ms'),
    );
  });
});
