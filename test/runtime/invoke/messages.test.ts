import { expect } from 'chai';
import type { OutputLevel } from '../../../runtime/invoke/index.ts';
import { loadWebtask } from '../../../runtime/invoke/index.ts';
import { NOTHING_GIVEN } from '../../support/webtask.ts';

/** What code prints while it loads, with its levels. */
async function messagesOf(code: string): Promise<[string, OutputLevel][]> {
  const messages: [string, OutputLevel][] = [];
  await loadWebtask({ code: `${code}; return cb => cb()`, file: '/app/hello.js' }, NOTHING_GIVEN, {
    onMessage: (text, level) => void messages.push([text, level]),
  });
  return messages;
}

describe('messages', () => {
  it('have the level of the method of console that printed them', async () => {
    const code = "for (const name of ['debug', 'log', 'info', 'dir', 'warn', 'error']) console[name](name)";
    expect(await messagesOf(code)).to.deep.equal([
      ['debug', 20],
      ['log', 30],
      ['info', 30],
      ["'dir'", 30],
      ['warn', 40],
      ['error', 50],
    ]);
  });

  it('of console.trace are of the lowest level, and show the place of the call', async () => {
    const [first] = await messagesOf("console.trace('here')");
    expect(first?.[0]).to.match(/^Trace: here\n {4}at .*\/app\/hello\.js:1:/);
    expect(first?.[1]).to.equal(10);
  });

  it('are one for each call of console, however many lines it printed', async () => {
    expect(await messagesOf("console.log('a\\nb'); console.log(); console.log('c\\n')")).to.deep.equal([
      ['a\nb', 30],
      ['', 30],
      ['c\n', 30],
    ]);
  });

  it('that were written past console are lines, of the level of their stream', async () => {
    expect(await messagesOf("process.stdout.write('a\\nb'); process.stdout.write('c\\n')")).to.deep.equal([
      ['a', 30],
      ['bc', 30],
    ]);
    expect(await messagesOf("process.stderr.write('bad\\n')")).to.deep.equal([['bad', 50]]);
  });

  it('come in the order in which they were printed, also where a line had no end yet', async () => {
    expect(
      await messagesOf("process.stdout.write('first'); console.log('second'); process.stdout.write('third')"),
    ).to.deep.equal([
      ['first', 30],
      ['second', 30],
      ['third', 30],
    ]);
  });

  it('of an error that cannot be printed do not change the level of the next', async () => {
    const code =
      "try { console.error({ get a() { throw 1 }, [Symbol.for('nodejs.util.inspect.custom')]() { throw 1 } }) } catch {} process.stdout.write('next\\n')";
    expect(await messagesOf(code)).to.deep.equal([['next', 30]]);
  });
});
