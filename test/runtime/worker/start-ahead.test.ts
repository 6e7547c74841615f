import { expect } from 'chai';
import { startAhead } from '../../../runtime/worker/start-ahead.ts';
import type { Worker } from '../../../runtime/worker/start-worker.ts';

/** A worker that ends when it is told to. */
function madeUp(pid: number) {
  const killed: string[] = [];
  let end: (why: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const kill = (why: string): void => {
    killed.push(why);
    end(why);
  };
  return { worker: { pid, kill, ended } as unknown as Worker, killed }; // no more of it is used
}

describe('a worker that is started ahead', () => {
  it('is started at once, and given to who asks first; the next one gets another', async () => {
    let started = 0;
    const { start } = startAhead(async () => madeUp(++started).worker);
    expect(started).to.equal(1);
    expect((await start(() => undefined)).pid).to.equal(1);
    expect((await start(() => undefined)).pid).to.equal(2);
  });

  it('tells who got it that it has nothing to do, and nobody before', async () => {
    const told: string[] = [];
    let idle = (): void => undefined;
    const { start } = startAhead(async (onIdle) => {
      idle = onIdle;
      return madeUp(1).worker;
    });
    idle();
    await start(() => told.push('idle'));
    idle();
    expect(told).to.deep.equal(['idle']);
  });

  it('is ended where nobody asked for it, and only then', async () => {
    const unused = madeUp(1);
    await startAhead(async () => unused.worker).close();
    expect(unused.killed).to.deep.equal(['the server stops']);
    const used = madeUp(2);
    const ahead = startAhead(async () => used.worker);
    await ahead.start(() => undefined);
    await ahead.close();
    expect(used.killed).to.deep.equal([]);
  });

  it('says to who asks for it why it could not be started', async () => {
    const { start, ready, close } = startAhead(async () => {
      throw new Error('no');
    });
    expect(await ready.catch((it: Error) => it.message)).to.equal('no');
    expect(await start(() => undefined).catch((it: Error) => it.message)).to.equal('no');
    await close();
  });
});
