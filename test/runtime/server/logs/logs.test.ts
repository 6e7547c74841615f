import { expect } from 'chai';
import { createLogs } from '../../../../runtime/server/logs/index.ts';

/** A reader that keeps what it was told. */
function createReader(name?: string) {
  const told: string[] = [];
  return {
    told,
    name,
    take: (json: string) => void told.push((JSON.parse(json) as { msg: string }).msg),
    stop: () => void told.push('stopped'),
  };
}
const entry = (container: string, text: string, name?: string) =>
  ({ container, name, level: 30, text, from: 'webtask' }) as const;

describe('logs', () => {
  it('are told to whoever reads the container, or the one webtask in it', () => {
    const logs = createLogs();
    const [all, pay, other] = [createReader(), createReader('pay'), createReader()];
    logs.add('shop', all);
    logs.add('shop', pay);
    logs.add('other', other);
    logs.write(entry('shop', 'a'));
    logs.write(entry('shop', 'b', 'pay'));
    logs.write(entry('shop', 'c', 'ship'));
    logs.write(entry('nobody', 'd'));
    expect([all.told, pay.told, other.told]).to.deep.equal([['a', 'b', 'c'], ['b'], []]);
  });

  it('count who reads a container, and know where nobody does', () => {
    const logs = createLogs();
    const [one, two] = [createReader(), createReader()];
    expect([logs.count('shop'), logs.isRead('shop')]).to.deep.equal([0, false]);
    logs.add('shop', one);
    logs.add('shop', two);
    expect([logs.count('shop'), logs.isRead('shop'), logs.isRead('other')]).to.deep.equal([2, true, false]);
    for (const reader of [one, one, two]) logs.remove('shop', reader);
    expect([logs.count('shop'), logs.isRead('shop')]).to.deep.equal([0, false]);
  });

  it('that are closed stop every reader, also who comes later', () => {
    const logs = createLogs();
    const [one, other, late] = [createReader(), createReader(), createReader()];
    logs.add('shop', one);
    logs.add('other', other);
    logs.close();
    logs.add('shop', late);
    expect([one.told, other.told, late.told]).to.deep.equal([['stopped'], ['stopped'], ['stopped']]);
  });
});
